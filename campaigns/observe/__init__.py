"""What operators see of our programs: the log, and the instruments behind /metrics. Decides nothing."""

from campaigns.observe.instruments import AcceptMetrics, CensusMetrics, WorkMetrics
from campaigns.observe.log import configure_logging

__all__ = ["AcceptMetrics", "CensusMetrics", "WorkMetrics", "configure_logging"]
