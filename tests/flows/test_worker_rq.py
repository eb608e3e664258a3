"""What we rely on in RQ beyond its documentation: a new version that changes any of it must fail here, by name."""

import inspect
from collections.abc import Callable
from typing import cast

import pytest
import rq
from redis import Redis as BlockingRedis
from redis.asyncio import Redis
from rq import Queue
from rq.executions import Execution
from rq.job import Job
from rq.job_lifecycle import record_job_failure
from rq.suspension import WORKERS_SUSPENDED
from rq.worker import BaseWorker
from rq.worker_registration import REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY, register, unregister

from tests.flows.working import BEGUN, FAILED, INTERMEDIATE, QUEUE, a_worker


def test_the_version_is_one_whose_source_was_read() -> None:
    """Its asynchronous worker may come with any of the next: then ours should go."""
    assert rq.__version__.startswith("3.0.")
    assert not hasattr(rq.worker, "AsyncWorker")


@pytest.mark.parametrize(
    ("function", "parameters"),
    [
        (Queue.enqueue_many, "self job_datas pipeline group_id"),
        (Execution.create, "job ttl pipeline worker_name"),
        (Execution.heartbeat, "self started_job_registry ttl pipeline"),
        (Job.__init__, "self id connection serializer"),
        (Job.restore, "self raw_data"),
        (Job.prepare_for_execution, "self worker_name pipeline"),
        (record_job_failure, "job exc_string pipeline"),
        (register, "worker pipeline"),
        (unregister, "worker pipeline"),
        (BaseWorker._set_connection, "self connection"),
        (BaseWorker.cleanup_execution, "self job pipeline execution"),
        (BaseWorker.heartbeat, "self timeout pipeline"),
        (BaseWorker.set_state, "self state pipeline"),
        (BaseWorker.serialize, "self"),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_what_is_called_takes_what_we_give(function: Callable[..., object], parameters: str) -> None:
    assert " ".join(inspect.signature(function).parameters) == parameters


@pytest.mark.parametrize("name", ["timeout", "result_ttl", "failure_ttl", "args"])
def test_a_prepared_job_can_say_all_that_ours_say(name: str) -> None:
    assert name in inspect.signature(Queue.prepare_data).parameters


async def test_the_keys_are_the_ones_that_dashboards_and_autoscalers_know(redis: Redis) -> None:
    worker = a_worker(redis)
    [queue] = worker.queues
    assert (queue.key, queue.intermediate_queue_key) == (QUEUE, INTERMEDIATE)
    assert (queue.started_job_registry.key, queue.failed_job_registry.key) == (BEGUN, FAILED)
    assert (REDIS_WORKER_KEYS, WORKERS_BY_QUEUE_KEY) == ("rq:workers", "rq:workers:%s")
    assert (worker.key, worker.executions_key) == (f"rq:worker:{worker.name}", f"rq:worker:{worker.name}:executions")
    assert (Job.key_for("1"), WORKERS_SUSPENDED) == ("rq:job:1", "rq:suspended")


def test_a_queue_that_knows_the_servers_version_does_not_ask_for_it() -> None:
    """The question is a blocking call, and `enqueue_many` asks it for every job."""
    nowhere = cast("BlockingRedis", object())
    queue = Queue("campaigns", connection=nowhere)
    queue.redis_server_version = (7, 2, 4)
    assert queue.get_redis_server_version() == (7, 2, 4)


async def test_a_worker_is_built_without_a_word_to_redis() -> None:
    """With a blocking client it would be said on the event loop, with ours it would never be awaited."""
    a_worker(Redis(unix_socket_path="nowhere"))
