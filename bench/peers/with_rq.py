"""RQ as its documentation writes it: https://python-rq.org/docs/, https://python-rq.org/docs/exceptions/ (retries)."""

import sys

from redis import Redis
from rq import Queue, Retry

from bench.peers import wish


def job(number: int) -> None:
    """One trigger; a job's process ends with it, so each has connections of its own."""
    with wish.client() as http:
        wish.make(http, number)


def main() -> None:
    """Enqueue so many."""
    queue = Queue("bench", connection=Redis.from_url(wish.REDIS))
    for number in range(int(sys.argv[1])):
        queue.enqueue("bench.peers.with_rq.job", number, retry=Retry(max=5, interval=[1, 2, 4, 8, 16]))


if __name__ == "__main__":
    main()
