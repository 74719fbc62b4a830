"""Plays one fault from the first ask to the verdict."""

from dataclasses import dataclass
from uuid import uuid4

from benchmarks.faulting.checker import Figures
from benchmarks.faulting.house import House
from benchmarks.faulting.rows import Fault
from benchmarks.faulting.stage import Stage, staged


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `problem`: why the fault could not be played to its end; then figures are None."""

    name: str
    what: str
    ended_after: float | None = None
    back_after: float | None = None
    figures: Figures | None = None
    problem: str = ""
    notes: tuple[str, ...] = ()

    @property
    def broken(self) -> list[str]:
        """What does not hold, in words."""
        return [self.problem] if self.problem else self.figures.broken if self.figures else []


def play(house: House, fault: Fault, *, patience: float) -> Row:
    """`patience`: seconds that a run may take to end once the fault is over."""
    house.staff(fault.workers, fault.variables)
    house.tidy(**fault.model)
    with staged(house, fault.learners, fault.lessons) as stage:
        try:
            stage.ask(key=str(uuid4()))
            fault.strike(stage)
            ended = stage.end(patience)
        except AssertionError as problem:
            house.dismiss()  # whatever they do now, the next fault is not to blame
            return Row(fault.name, fault.what, problem=str(problem))
        return Row(fault.name, fault.what, ended, stage.back, stage.figures(), notes=_notes(stage))


def _notes(stage: Stage) -> tuple[str, ...]:
    return tuple(stage.reader.seen.first)
