"""Plays one fault from the first ask to the verdict."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import uuid4

from benchmarks.faulting.checker import Figures
from benchmarks.faulting.house import House, Pace, house
from benchmarks.faulting.mutants import MUTANTS
from benchmarks.faulting.rows import Fault
from benchmarks.faulting.stage import staged

LEVELS = (" WARNING ", " ERROR ", " CRITICAL ")
MOST_LINES = 200  # of a worker's log


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the table. `broken`: what does not hold, in words; figures are None where the fault could not
    be played to its end. `notes`: for whoever looks for the cause."""

    name: str
    what: str
    broken: Sequence[str] = ()
    verdict: str = "holds"
    ended_after: float | None = None
    back_after: float | None = None
    figures: Figures | None = None
    back_within: float | None = None
    notes: Sequence[str] = ()


def play(built: House, fault: Fault, *, patience: float) -> Row:
    """`patience`: seconds that a run may take to end once the fault is over."""
    if not fault.places:
        return _played(built, fault, patience)
    with fault.places(built.places) as places, house(places, built.pace) as other:
        return _played(other, fault, patience)


def _played(built: House, fault: Fault, patience: float) -> Row:
    built.staff(fault.workers, fault.variables, fault.mutant)
    built.tidy(**fault.model)
    with staged(built, fault.learners, fault.lessons) as stage:
        try:
            stage.ask(key=str(uuid4()), budget_micro=fault.budget_micro, pilot=fault.pilot)
            fault.strike(stage)
            ended = stage.end(patience) if fault.ends else None
        except AssertionError as problem:
            notes = _complaints(built)
            built.dismiss()  # whatever they do now, the next fault is not to blame
            return Row(fault.name, fault.what, [str(problem)], notes=notes)
        figures, back = stage.figures(), stage.recovery.seconds()
        broken, verdict = _verdict(fault, figures)
        broken = [*broken, *missed(fault, built.pace, figures, back)]
        notes = [*stage.reader.seen.first, *figures.wrong, *_complaints(built)] if broken else []
        most = fault.back_within and fault.back_within(built.pace)
        return Row(fault.name, fault.what, broken, verdict, ended, back, figures, most, notes)


def _complaints(built: House) -> list[str]:
    """The last that the workers had to say, but for what went well."""
    lines = [line for worker in built.workers for line in worker.log().splitlines()[-MOST_LINES:]]
    return [line for line in lines if any(level in line for level in LEVELS)]


def missed(fault: Fault, pace: Pace, figures: Figures, back: float | None) -> Iterator[str]:
    """What this row promises besides, and has not kept."""
    if fault.done not in (None, figures.done):
        yield f"{figures.done:,} items are done, not {fault.done:,}"
    if fault.back_within is None:
        return
    most = fault.back_within(pace)
    if back is None:
        yield "nothing was left to be taken up again: the fault came too late"
    elif back > most:
        yield f"work was taken up again after {back:.1f} s, and not within {most:g} s"


def _verdict(fault: Fault, figures: Figures) -> tuple[list[str], str]:
    """What does not hold, and a word for it. Of a mutant, a promise must be broken."""
    if not fault.mutant:
        failed = f", {figures.failed} failed" if figures.failed else ""
        return figures.broken, f"holds{failed}"
    promise = next(mutant.breaks for mutant in MUTANTS if mutant.name == fault.mutant)
    return ([], "caught") if promise in figures.broken else ([f"not found: {promise}"], "")
