"""What is posted, signed: the status of an ended run to its caller, and messages to a caller's operators.

What is due, and what became of it, is kept in `store`; the loop that delivers is `workers.notify`.
"""

from campaigns.outbound.attempts import Again, Answered, Attempt, Delivered, Parked, Unanswered, Verdict, after_attempt
from campaigns.outbound.posting import Posts, connected, host_of, why_not

__all__ = [
    "Again",
    "Answered",
    "Attempt",
    "Delivered",
    "Parked",
    "Posts",
    "Unanswered",
    "Verdict",
    "after_attempt",
    "connected",
    "host_of",
    "why_not",
]
