"""Jobs whose hash anybody could have written."""

import json
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis as BlockingRedis
from rq.job import JobStatus
from rq.serializers import JSONSerializer

from campaigns.queue import ADVANCE, NOTIFY
from workers.safe import BELIEVED, ForbiddenFunction, SafeJob, UnreadableJob

NOWHERE = cast("BlockingRedis", object())  # a job only keeps its client

fields = st.sampled_from([*sorted(BELIEVED), b"timeout", b"retries_left", b"webhooks", b"dependency_ids", b"meta"])
calls = st.tuples(
    st.none() | st.text(), st.none() | st.text(), st.lists(st.text()), st.dictionaries(st.text(), st.text())
)
values = st.binary() | st.text().map(str.encode) | calls.map(json.dumps).map(str.encode)


def restored(**hash_: bytes) -> SafeJob:
    job = SafeJob("job-1", NOWHERE, JSONSerializer)
    job.restore({name.encode(): value for name, value in hash_.items()})
    return job


def calling(path: object, instance: object = None) -> bytes:
    return json.dumps([path, instance, ["acme"], {}]).encode()


@settings(deadline=None)
@given(st.dictionaries(fields | st.binary(), values))
def test_no_hash_can_stop_a_worker_or_run_what_is_not_allowed(hash_: dict[bytes, bytes]) -> None:
    job = SafeJob("job-1", NOWHERE, JSONSerializer)
    job.restore(hash_)
    job.to_dict()  # it can be recorded as failed
    with pytest.raises(Exception):  # noqa: B017, PT011 (whatever it is, it fails this job only)
        _ = job.func


@pytest.mark.parametrize(
    "path", ["os.system", "workers.jobs.os.system", "workers.jobs", "", 7, None, ["workers.jobs.advance"]]
)
def test_a_function_that_is_not_on_the_list_is_forbidden(path: object) -> None:
    with pytest.raises(ForbiddenFunction):
        _ = restored(data=calling(path)).func


def test_an_allowed_name_on_an_object_is_forbidden() -> None:
    """RQ would look the name up on whatever object the job brings."""
    with pytest.raises(ForbiddenFunction):
        _ = restored(data=calling(ADVANCE, "an object")).func


def test_the_jobs_that_are_enqueued_are_allowed() -> None:
    """And the functions that they name exist."""
    for path in (ADVANCE, NOTIFY):
        function = restored(data=calling(path), status=b"queued").func
        assert f"{function.__module__}.{function.__qualname__}" == path


def test_a_hash_that_cannot_be_read_is_told_as_such() -> None:
    with pytest.raises(UnreadableJob, match="exploded"):
        _ = restored(data=calling(ADVANCE), status=b"exploded").func


def test_nothing_but_the_call_and_its_times_is_believed() -> None:
    """A callback or a webhook would make a worker call what the list does not name."""
    job = restored(
        data=calling(ADVANCE),
        status=b"queued",
        success_callback_name=b"os.abort",
        failure_callback_name=b"os.abort",
        stopped_callback_name=b"os.abort",
        webhooks=b'[{"url": "http://169.254.169.254/", "status": "failed"}]',
        retries_left=b"1000000",
        repeats_left=b"1000000",
        dependency_ids=b'["another"]',
        rate_limit_key=b"key",
        group_id=b"group",
        timeout=b"1",
        result_ttl=b"-1",
        failure_ttl=b"-1",
    )
    assert job.get_status(refresh=False) == JobStatus.QUEUED
    assert (job.success_callback, job.failure_callback, job.stopped_callback) == (None, None, None)
    assert (job.webhooks, job.retries_left, job.repeats_left, job._dependency_ids) == ([], None, None, [])
    assert (job.has_rate_limit, job.group_id) == (False, None)
    assert (job.timeout, job.result_ttl, job.failure_ttl) == (-1, 0, 86_400)
