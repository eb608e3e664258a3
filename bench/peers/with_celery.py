"""Celery as its documentation writes it.

https://docs.celeryq.dev/en/stable/userguide/tasks.html (retries, late acknowledgement) and
https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html (visibility timeout: an hour unless
told; a minute here, and looked for each second, so that what a killed worker held comes back while somebody looks).
"""

import sys

import httpx
from celery import Celery  # type: ignore[import-not-found]  # in the peer's environment

from bench.peers import wish

app = Celery("bench.peers.with_celery", broker=wish.REDIS)
app.conf.update(
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    worker_prefetch_multiplier=1,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "visibility_timeout": 60,
        "unacked_restore_interval": 1,
        "unacked_restore_throttle": 1,
    },
)
http = wish.client()


@app.task(autoretry_for=(httpx.HTTPError,), retry_backoff=True, retry_jitter=True, max_retries=5)  # type: ignore[untyped-decorator]  # Celery ships no types
def job(number: int) -> None:
    """One trigger."""
    wish.make(http, number)


def main() -> None:
    """Enqueue so many."""
    for number in range(int(sys.argv[1])):
        job.delay(number)


if __name__ == "__main__":
    main()
