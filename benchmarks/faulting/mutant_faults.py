"""Rows: mutants. Here a broken promise is what must be found."""

from benchmarks.faulting.rows import fault
from benchmarks.faulting.stage import Stage
from benchmarks.faulting.worker_faults import Frozen
from personalization.models import ModelCall
from tests.processes import until

LATE = {"GENERATION_CALL_SECONDS": "60"}


@fault("mutant: the old text is deleted first", mutant="delete-first")
def mutant_delete_first(stage: Stage) -> None:
    stage.until_ended(1)


# With a deadline that outlasts its sleep: what comes too late is an answer then, and no timeout.
@fault(
    "mutant: no fence, and a worker that wakes too late",
    mutant="no-fence",
    model={"latency": 1500},
    variables=LATE,
)
def mutant_no_fence(stage: Stage) -> None:
    stage.until_ended(1)
    frozen = Frozen(stage, stage.house.workers[0])
    until(lambda: stage.in_flight() == 0, "another worker has written everything")
    frozen.thaw()
    stage.until_idle()


@fault(
    "mutant: what was under way at a cancel is published",
    mutant="publishes-after-a-cancel",
    model={"latency": 1500},
)
def mutant_publishes_after_a_cancel(stage: Stage) -> None:
    stage.until_ended(1)
    asked = stage.house.model.stats
    until(lambda: asked()["in_flight"], "requests are under way")
    stage.cancel(stage.runs[0])
    stage.until_workers_idle()
    stage.cancels.quiet()


@fault(
    "mutant: no fence around the money, and a worker that wakes too late",
    mutant="no-fence-of-money",
    learners=20,
    model={"latency": 1500},
    variables=LATE,
    ends=False,  # once its books are wrong, the table's own check lets nobody settle its last calls
)
def mutant_no_fence_of_money(stage: Stage) -> None:
    stage.until_ended(1)
    frozen = Frozen(stage, stage.house.workers[0])
    lost = ModelCall.objects.filter(state="unknown")
    until(lambda: stage.in_flight() and lost.exists(), "a sweep has settled its calls, others are under way")
    calls = list(lost.values_list("pk", flat=True))
    frozen.thaw()
    again = ModelCall.objects.filter(pk__in=calls).exclude(state="unknown")
    until(again.exists, "it has settled one of them again")


@fault(
    "mutant: answers are published as they came",
    mutant="no-check",
    model={"mode": "html,echo,wrong_language,extra_keys,empty", "fail": 0.5},
)
def mutant_no_check(stage: Stage) -> None:
    stage.until_ended(1)
