"""Rows: workers that are killed and frozen."""

from benchmarks.faulting.moments import MOMENTS
from benchmarks.faulting.rows import fault, lease_and_sweep
from benchmarks.faulting.stage import Stage
from personalization.models import GenerationItem
from personalization.models.runs import ENDED
from tests.processes import WorkerProcess, until

DROPPED = "dropped"  # what a worker's log says of results that came too late


@fault("nothing: the measure for all below")
def none(stage: Stage) -> None:
    stage.until_ended(1)


@fault("kill -9 of a pool child, twice", back_within=lease_and_sweep)
def kill_child(stage: Stage) -> None:
    for ended, worker in zip((10, 30), stage.house.workers, strict=False):
        stage.until_ended(ended)
        for pid in worker.children():
            stage.kill_child(pid)


@fault("kill -9 of a worker", back_within=lease_and_sweep)
def kill_worker(stage: Stage) -> None:
    stage.until_ended(10)
    stage.kill(stage.house.workers[0])


# Few items: what the dead held comes behind all others.
@fault("kill -9 of all workers; two new ones come", learners=6, back_within=lease_and_sweep)
def kill_all(stage: Stage) -> None:
    stage.until_ended(10)
    for worker in list(stage.house.workers):
        stage.kill(worker)
    stage.recruit(2)


@fault("SIGSTOP past the lease, then SIGCONT, each worker in turn", lessons=16)
def freeze(stage: Stage) -> None:
    for number, worker in enumerate(stage.house.workers):
        stage.until_ended(10 + 50 * number)
        frozen = Frozen(stage, worker)
        frozen.thaw()
        frozen.until_refused()


class Frozen:
    """A worker that is stopped with something in its hands, until its leases are over."""

    def __init__(self, stage: Stage, worker: WorkerProcess) -> None:
        self._worker = worker
        pids = worker.children()
        until(lambda: stage.held_by(pids) > 0, "the worker has something in its hands")
        worker.freeze()
        self._said = worker.log().count(DROPPED)
        until_over(stage, pids)

    def thaw(self) -> None:
        self._worker.thaw()

    def until_refused(self) -> None:
        until(lambda: self._worker.log().count(DROPPED) > self._said, "the late worker is refused")


def until_over(stage: Stage, pids: list[int]) -> None:
    """Until the leases of these frozen processes are over.

    What they sent to the database in their last moment is done there a moment later: money set aside, too.
    """
    paid = [stage.paid_by(pids)]

    def over() -> bool:
        paid.append(stage.paid_by(pids))
        return stage.held_by(pids) == 0

    until(over, "the leases of the frozen worker run out")
    stage.may_be_unknown += max(paid)


@fault(
    "the same at each of its steps: claim, reservation, settlement, text, commit",
    workers=1,
    lessons=20,
    model={"latency": 1200},
)
def freeze_at_each_step(stage: Stage) -> None:
    watched = stage.house.workers[0]
    # Past the proxy, so that each step that the proxy sees is one of the watched worker.
    stage.house.start_worker(DATABASE_URL=stage.house.places.url)
    for ended, moment in enumerate(MOMENTS.values(), start=1):
        stage.until_ended(ended)
        trap = stage.house.database.trap(moment, then=watched.freeze)
        until(lambda trap=trap: trap.sprung, "the step is taken")  # type: ignore[misc]
        until_over(stage, watched.children())
        watched.thaw()


@fault("an item that kills its worker each time", learners=8)
def poison(stage: Stage) -> None:
    stage.may_fail = 1
    chosen = stage.world.learners[3].pk, stage.world.lessons[2].pk
    item = GenerationItem.objects.filter(profile_id=chosen[0], lesson_id=chosen[1])
    deaths = 0
    while not item.filter(state__in=ENDED).exists():
        in_flight = item.filter(state="running", calls__state="reserved")
        holder = in_flight.values_list("leased_by", flat=True).first()
        if holder:
            stage.kill_child(int(holder.rpartition(":")[2]))
            deaths += 1
            until(lambda: not item.filter(leased_by=holder).exists(), "its lease runs out")  # noqa: B023
    found = item.get()
    if (found.state, deaths) != ("failed", found.max_attempts):
        raise AssertionError(f"the item is {found.state} after {deaths} deaths of its worker")
