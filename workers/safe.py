"""Jobs that can do no more than ours need: which functions may run and which fields of a stored job are believed.

Whoever can write to Redis can write jobs. RQ imports and calls whatever path a job names (`os.system` too), calls back,
posts webhooks, and stops its worker at a hash that it cannot read; a `SafeJob` does none of this.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, ClassVar, Final

from rq.job import Job, JobStatus

from campaigns.queue import ADVANCE, FAILURE_TTL, NOTIFY, RESULT_TTL, TIMEOUT

# All that `campaigns.queue` stores and RQ adds while a job goes its way. Callbacks, webhooks, retries, repeats,
# dependencies, groups, rate limits and `meta` are not here: what a hash says of them is never read.
BELIEVED: Final = frozenset(
    {
        b"created_at",
        b"data",
        b"description",
        b"ended_at",
        b"enqueued_at",
        b"last_heartbeat",
        b"origin",
        b"started_at",
        b"status",
        b"worker_name",
    }
)


class ForbiddenFunction(Exception):
    """The job names a function that is not on the list, or an object to call it on."""


class UnreadableJob(Exception):
    """The job's hash is not one that RQ wrote."""


class SafeJob(Job):
    """An RQ job that runs only the functions in `allowed`; for RQ's own workers too (`rq worker -j`).

    Attributes:
        allowed: the paths of the functions that may run.

    """

    allowed: ClassVar[frozenset[str]] = frozenset({ADVANCE, NOTIFY})

    _unreadable: Exception | None = None

    def restore(self, raw_data: Mapping[bytes, bytes]) -> None:
        """Take over what Redis holds; never raises.

        A hash that cannot be read becomes a job that fails when it is run, so that it leaves its queue and is found
        among the failed ones, instead of stopping every worker that comes across it.
        """
        try:
            super().restore({field: value for field, value in raw_data.items() if field in BELIEVED})
        except Exception as error:  # noqa: BLE001 (RQ raises whatever the broken field makes Python raise)
            self._unreadable = error
            self.data = raw_data.get(b"data", b"")
            self.origin = raw_data.get(b"origin", b"").decode(errors="replace")
            self._status = JobStatus.QUEUED
        self.timeout, self.result_ttl, self.failure_ttl = TIMEOUT, RESULT_TTL, FAILURE_TTL

    @property
    def func(self) -> Callable[..., Any]:
        """The function to call.

        Raises:
            UnreadableJob: the hash or its `data` is not what RQ wrote.
            ForbiddenFunction: the function may not be called.

        """
        if self._unreadable:
            raise UnreadableJob(f"the job's hash cannot be read: {self._unreadable!r}") from self._unreadable
        if not isinstance(self.func_name, str) or self.func_name not in self.allowed or self.instance is not None:
            raise ForbiddenFunction(f"{self.func_name!r} is not one of {sorted(self.allowed)}, called on nothing")
        module, _, name = self.func_name.rpartition(".")
        # Not with RQ's own means, which keep it to themselves when the module itself cannot import something.
        function: Callable[..., Any] = getattr(import_module(module), name)
        return function
