"""One fault: a world, its runs, a reader, and what the fault is allowed to cost."""

import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from uuid import UUID

from django.db import Error, connection
from django.db.models import QuerySet

from benchmarks.faulting.cancels import Cancels
from benchmarks.faulting.checker import Figures, check
from benchmarks.faulting.house import House
from benchmarks.faulting.reader import Reader
from benchmarks.faulting.recovery import Recovery
from benchmarks.faulting.world import World, add_stranger, make_world
from personalization.models import GenerationItem, GenerationRun
from personalization.models.calls import CallState, ModelCall
from personalization.models.runs import ENDED, RunState
from personalization.pairs import Selection
from personalization.services.pace import Pace
from personalization.services.runs import cancel_run, start_run
from tests.processes import WorkerProcess, until

PATIENCE = 300.0  # seconds for a run that nothing holds up, on a machine that is busy with other things


@dataclass(slots=True)
class Stage:
    """`may_be_unknown` grows with each call whose end a fault hides, `may_fail` with each item it ruins."""

    house: House
    world: World
    reader: Reader
    runs: list[UUID] = field(default_factory=list)
    may_be_unknown: int = 0
    may_fail: int = 0
    began: float = 0.0
    recovery: Recovery = field(default_factory=Recovery)
    cancels: Cancels = field(default_factory=Cancels)

    def ask(
        self,
        selection: Selection | None = None,
        *,
        key: str | None = None,
        force: bool = False,
        budget_micro: int | None = None,
        pilot: int | None = None,
    ) -> UUID:
        """An operator starts a run, for all learners of the world where no selection is given; its id."""
        self.began = self.began or time.monotonic()
        chosen = selection or Selection(profiles=tuple(learner.pk for learner in self.world.learners))
        started = start_run(
            selection=chosen,
            backend="openai",
            idempotency_key=key,
            force=force,
            budget_micro=budget_micro,
            pilot=pilot,
        )
        run: UUID = started.run.pk
        self.runs.append(run)
        return run

    def cancel(self, run: UUID) -> None:
        """An operator cancels the run in the middle: the checker compares what comes after that."""
        if not cancel_run(GenerationRun.objects.get(pk=run)):
            raise AssertionError("the run has ended: the cancel would come too late")
        self.cancels.cancelled(run)

    @property
    def items(self) -> QuerySet[GenerationItem]:
        return GenerationItem.objects.filter(run_id__in=self.runs)

    def until_ended(self, count: int, patience: float = PATIENCE) -> None:
        """Until so many items have ended, and not all: the fault that comes now comes in the middle."""
        until(lambda: calm(self._ended) >= count, f"{count} items have ended", patience=patience)
        if self.all_ended():
            raise AssertionError("all items have ended: the fault would come too late")

    def all_ended(self) -> bool:
        return not self.items.exclude(state__in=ENDED).exists()

    def until_idle(self) -> None:
        """Until all runs have ended and no worker has a doorbell left that it was sent."""
        until(lambda: calm(self._quiet), "all runs end", patience=PATIENCE)
        self.until_workers_idle()

    def until_workers_idle(self) -> None:
        """Until what they have in their hands is settled or dropped, though its run has ended before."""
        until(lambda: all(map(_is_idle, self.house.workers)), "the workers have nothing to do")

    def kill(self, worker: WorkerProcess) -> None:
        """kill -9 of a worker and its children."""
        worker.freeze()
        self._bury(worker.children())
        worker.kill()
        worker.stop()  # its log is closed
        self.house.workers.remove(worker)

    def recruit(self, count: int) -> None:
        """So many new workers, ready."""
        new = [self.house.start_worker() for _ in range(count)]
        until(lambda: all(worker.is_ready() for worker in new), "new workers are ready", patience=PATIENCE)
        self.recovery.manned(self.house.pace.lease)

    def kill_child(self, pid: int) -> None:
        """kill -9 of one process of a pool."""
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, signal.SIGSTOP)
            self._bury([pid])
            os.kill(pid, signal.SIGKILL)

    def _bury(self, pids: list[int]) -> None:
        self.may_be_unknown += self.paid_by(pids)
        self.recovery.orphaned(_names(pids))

    def held_by(self, pids: list[int]) -> int:
        """How many items are in the hands of these processes."""
        return GenerationItem.objects.filter(leased_by__in=_names(pids)).count()

    def paid_by(self, pids: list[int]) -> int:
        """Of how many of them these processes may have calls under way: the others are only prepared.

        More than there are places where answers wait to be written, as on a machine that is busy with other
        things: then the ledger says how many, and a worker begins nothing more beside a whole backlog.
        """
        names, most = _names(pids), len(pids) * self.places
        reserved = ModelCall.objects.filter(state=CallState.RESERVED, item__leased_by__in=names).count()
        return min(self.held_by(pids), max(most, min(reserved, 2 * most)))

    @property
    def places(self) -> int:
        """Calls that a worker has under way at most, or has set money aside for."""
        concurrency = self.house.variables.get("GENERATION_CONCURRENCY", self.house.pace.concurrency)
        return Pace(int(concurrency), 0, 0, 0, 0).most

    def in_flight(self) -> int:
        """How many items are in anybody's hands."""
        return GenerationItem.objects.filter(state="running").count()

    def lose_touch(self, leases: int = 0) -> None:
        """What is in hand now may be lost; in so many leases more, all that a worker can have paid for."""
        each = 2 * self.places  # in flight, and waiting to be written
        most = each * len(self.house.workers)
        self.may_be_unknown += min(self.in_flight(), most) + leases * most

    def outage(self, share: float = 1.0) -> None:
        """Lets time pass while something is away: its length is the fault, and no condition ends it."""
        time.sleep(share * self.house.pace.outage)

    def healed(self) -> None:
        """From this moment on all is well again."""
        connection.close()  # the database may be another process since
        self.recovery.healed()

    def end(self, patience: float) -> float:
        """Waits until all runs have ended and nothing is reserved. Seconds since the first ask."""
        until(lambda: calm(self._quiet), "all runs end by themselves", patience=patience)
        return time.monotonic() - self.began

    def figures(self) -> Figures:
        """What the checker says. Ask when the runs have ended and no worker holds anything back."""
        self.reader.stop()
        return check(
            self.house.model.stats(),
            self.reader.seen,
            outdated=self.world.outdated(),
            late_texts=self.cancels.late_texts(),
            may_be_unknown=self.may_be_unknown,
            may_fail=self.may_fail,
        )

    def _ended(self) -> int:
        return self.items.filter(state__in=ENDED).count()

    def _quiet(self) -> bool:
        open_runs = GenerationRun.objects.filter(pk__in=self.runs, state__in=[RunState.OPEN, RunState.PAUSED])
        reserved = ModelCall.objects.filter(state=CallState.RESERVED)
        return not open_runs.exists() and not reserved.exists()


@contextmanager
def staged(house: House, learners: int, lessons: int) -> Iterator[Stage]:
    """A world of its own in the house, and a reader who reads until the block ends."""
    world = make_world(learners, lessons)
    add_stranger(world)
    with Reader(house.places.address, world.pairs, world.revisions) as reader:
        yield Stage(house, world, reader)


def calm[T](question: Callable[[], T]) -> T | int:
    """The answer, or 0 where the database is not to be reached: then a fault is at work."""
    try:
        return question()
    except Error:
        connection.close()
        return 0


def _names(pids: list[int]) -> list[str]:
    """By which the queue knows these processes."""
    return [f"{socket.gethostname()}:{pid}" for pid in pids]


def _is_idle(worker: WorkerProcess) -> bool:
    log = worker.log()
    # A clock that jumps is a time limit that is over.
    ended = log.count("] succeeded in") + log.count("Hard time limit (")
    return log.count("wake[") > 0 and log.count("] received") <= ended
