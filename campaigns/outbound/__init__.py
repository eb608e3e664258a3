"""Signed callbacks: the status of an ended run, posted to where its caller wants it and may have it.

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
