"""The others: what each is called, where its environment is, and its worker's command, as its documentation says."""

from typing import Final

import msgspec


class Peer(msgspec.Struct, frozen=True):
    """One of the others: its environment, its program, and the command of its worker."""

    name: str
    environment: str
    worker: tuple[str, ...]
    one_at_once: bool = False


RQ: Final = (
    *("rq", "worker", "--url", "{redis}", "--with-scheduler", "--quiet"),
    *("--job-monitoring-interval", "5", "--maintenance-interval", "10"),
    "--worker-class",
)
"""What a killed worker held is found by the others' maintenance: every ten minutes unless told. A minute more than the
interval of monitoring must have gone by."""

PEERS: Final = (
    Peer("RQ Worker", "rq", (*RQ, "rq.worker.Worker", "bench"), one_at_once=True),
    Peer("RQ SimpleWorker", "rq", (*RQ, "rq.worker.SimpleWorker", "bench"), one_at_once=True),
    Peer(
        "Celery",
        "celery",
        (
            "celery",
            "-A",
            "bench.peers.with_celery",
            "worker",
            "--pool=threads",
            "--concurrency={at_once}",
            "--loglevel=ERROR",
        ),
    ),
    Peer("arq", "arq", ("arq", "bench.peers.with_arq.WorkerSettings")),
    Peer(
        "Taskiq",
        "taskiq",
        ("taskiq", "worker", "--workers=1", "--max-async-tasks={at_once}", "bench.peers.with_taskiq:broker"),
    ),
    Peer("SAQ", "saq", ("saq", "bench.peers.with_saq.settings")),
)
