"""What operators see of our programs: the log, and the instruments behind /metrics. Decides nothing.

The instruments obey Prometheus's rules for names and units, their labels take few values (docs/metrics.md). The
composition roots make them, each process for itself; nothing is registered on import.
"""

from campaigns.observe.accepting import AcceptMetrics
from campaigns.observe.census import CensusMetrics
from campaigns.observe.log import configure_logging
from campaigns.observe.naming import named
from campaigns.observe.process import LoopMetrics, count_without_birthdays
from campaigns.observe.working import PortalWork, WorkMetrics, outcome_of

__all__ = [
    "AcceptMetrics",
    "CensusMetrics",
    "LoopMetrics",
    "PortalWork",
    "WorkMetrics",
    "configure_logging",
    "count_without_birthdays",
    "named",
    "outcome_of",
]
