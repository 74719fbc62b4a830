"""Rows: mutants. Here a broken promise is what must be found."""

from benchmarks.faulting.rows import fault
from benchmarks.faulting.stage import Stage
from benchmarks.faulting.worker_faults import Frozen
from tests.processes import until


@fault("mutant: the old text is deleted first", mutant="delete-first")
def mutant_delete_first(stage: Stage) -> None:
    stage.until_ended(1)


# With a deadline that outlasts its sleep: what comes too late is an answer then, and no timeout.
@fault(
    "mutant: no fence, and a worker that wakes too late",
    mutant="no-fence",
    model={"latency": 1500},
    variables={"GENERATION_CALL_SECONDS": "60"},
)
def mutant_no_fence(stage: Stage) -> None:
    stage.until_ended(1)
    frozen = Frozen(stage, stage.house.workers[0])
    until(lambda: stage.in_flight() == 0, "another worker has written everything")
    frozen.thaw()
    stage.until_idle()
