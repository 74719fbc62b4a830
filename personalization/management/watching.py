"""A run's preview and progress in the terminal."""

import time
from dataclasses import dataclass
from uuid import UUID

from django.core.management.base import CommandError
from django.db import InterfaceError, OperationalError, connection
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from personalization.costs.estimate import Estimate
from personalization.costs.words import budget_said, estimate_said
from personalization.management.run_lines import (
    cost_lines,
    error_rows,
    example_words,
    lesson_table,
    pace_line,
    result_table,
    texts,
    wait_lines,
)
from personalization.models.runs import ItemState, Pilot, RunState
from personalization.queries import Preview, progress
from personalization.queries import Progress as RunProgress
from personalization.run_report import slowest_lessons, went_wrong
from personalization.run_report.held import held_items, money_is_out

POLL_SECONDS = 0.5
LOOK_SECONDS = 2.0  # between looks at what is more than counts: errors, what the run waits for
PLAIN_SECONDS = 10.0  # between lines where no terminal shows a bar
# Money that a settled call gives back is given to a held item at the next sweep: only then is it used up.
STUCK_SECONDS = 15.0
MOST_ERRORS = 6  # lines below the bar
# A database that is restarted, or moves to another machine, is back by then. One that is not must not keep a
# script waiting for ever.
LOST_SECONDS = 600.0
NO_CONTACT = "no contact with the database; trying again"
VERDICTS = {
    "write": "to write",
    "unchanged": "unchanged: nothing to do",
    "locked": "skipped: an editor changed the text",
    "no_survey": "skipped: the learner has answered nothing",
    "no_source": "skipped: the lesson has no transcript",
    "no_template": "skipped: the lesson has no standard description",
    "better_text": "skipped: the simple writer replaces only its own texts (--backend openai, or --force)",
}


def print_preview(console: Console, preview: Preview, backend: str) -> None:
    console.print(
        f"{preview.learners:,} learners × their lessons = {preview.total:,} texts, backend “{backend}”"
        + (" (template sentences, no language model)" if backend == "simple" else "")
    )
    for verdict, count in sorted(preview.by_verdict.items(), key=lambda item: -item[1]):
        console.print(f"  {count:>9,}  {VERDICTS.get(verdict, verdict)}")
    if lessons := preview.condensed:
        console.print(f"  lessons that are too long for the model, and condensed first: {lessons:,}")
    if preview.replaces_locked:
        console.print(f"  {preview.replaces_locked:,} of those to write replace the words of an editor")
    if preview.being_written:
        console.print(f"  {preview.being_written:,} of them are already being written")


def print_estimate(console: Console, estimate: Estimate, budget_micro: int | None) -> None:
    for line in filter(None, [*estimate_said(estimate), budget_said(estimate, budget_micro)]):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def wait_for(console: Console, run_id: UUID) -> None:
    """Shows the run until it ends, or until a person has to decide, then a table.

    Raises CommandError, with the code to exit with, unless every item ended well or there are drafts of a
    pilot to look at.
    """
    try:
        now = _watch(console, run_id)
    except KeyboardInterrupt:
        said = f"Stopped watching; the run goes on. Watch it again: manage.py runs wait {run_id}"
        raise CommandError(said, returncode=130) from None
    console.print(result_table(now))
    if now.calls and (times := slowest_lessons(run_id, now.calls)).lessons:
        console.print(lesson_table(times))
    for line in (*cost_lines(now), *wait_lines(now)):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if now.note and now.state != RunState.PAUSED:
        console.print(now.note, markup=False)
    if _pilot_waits(now):
        if not held_items(now, "pilot"):
            raise CommandError("Nothing of the pilot was written; the table above says why.")
    elif now.state != RunState.CLOSED or now.counts.get(ItemState.FAILED):
        raise CommandError("Not every text was written; the table above says why.")


def _watch(console: Console, run_id: UUID) -> RunProgress:
    """The progress at the end of the watching. Raises CommandError where the database stays away."""
    screen, stuck_since, answered_at = Screen(console), None, time.monotonic()
    with screen:
        while True:
            if (seen := _seen(screen, run_id)) is None:
                if time.monotonic() - answered_at > LOST_SECONDS:
                    raise CommandError(f"The database is away. Watch again: manage.py runs wait {run_id}")
                time.sleep(POLL_SECONDS)
                continue
            (now, stuck), answered_at = seen, time.monotonic()
            if now.state != RunState.OPEN or _pilot_waits(now):
                return now
            if not stuck:
                stuck_since = None
            elif stuck_since is None:
                stuck_since = time.monotonic()
            elif time.monotonic() - stuck_since > STUCK_SECONDS:
                return now
            time.sleep(POLL_SECONDS)


def _seen(screen: "Screen", run_id: UUID) -> tuple[RunProgress, bool] | None:
    """The run now, and whether only money is missing; None where the database did not answer."""
    try:
        now = progress(run_id)
        screen.show(now)
        return now, _only_money_is_missing(now)
    except (OperationalError, InterfaceError):
        connection.close_if_unusable_or_obsolete()  # the next look opens another
        screen.show_no_contact()
        return None


def _pilot_waits(now: RunProgress) -> bool:
    return now.state == RunState.OPEN and now.pilot == Pilot.WAITING


def _only_money_is_missing(now: RunProgress) -> bool:
    """Nothing is written any more, and nothing will be begun: waiting would be for ever."""
    return not now.counts.get(ItemState.RUNNING) and money_is_out(now)


@dataclass(slots=True)
class Details:
    """What is read less often than the counts; `at`: when, by the monotonic clock. `errors`: state and code
    of each kind, with its line."""

    errors: list[tuple[str, str]]
    waits: list[str]
    at: float


class Screen:
    """A bar with what is worth knowing below it; where there is no terminal, a line now and then."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, refresh_per_second=4, transient=True)
        self._details = Details([], [], float("-inf"))
        self._said: set[str] = set()
        self._lost = False
        self._line_at = float("-inf")

    def __enter__(self) -> None:
        if self._console.is_terminal:
            self._live.start()

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show_no_contact(self) -> None:
        if self._console.is_terminal:
            self._live.update(Text(NO_CONTACT))
        elif not self._lost:
            self._console.print(NO_CONTACT)
        self._lost = True

    def show(self, now: RunProgress) -> None:
        self._lost = False
        if time.monotonic() - self._details.at > LOOK_SECONDS:
            self._details = _details(now)
        if self._console.is_terminal:
            self._live.update(_drawn(now, self._details))
        else:
            self._say(now)

    def _say(self, now: RunProgress) -> None:
        if time.monotonic() - self._line_at > PLAIN_SECONDS:
            self._line_at = time.monotonic()
            pace = f" ({pace_line(now)})" if pace_line(now) else ""
            said = f"{now.ended:,} of {texts(now.total)}{pace}"
            self._console.print(said, highlight=False, soft_wrap=True)
            if limits := _against(now):
                self._console.print(f"  {limits}", highlight=False, soft_wrap=True)
        waits = [(line.split(":")[0], line) for line in self._details.waits]
        for kind, line in (*waits, *self._details.errors):
            if kind not in self._said:
                self._said.add(kind)
                self._console.print(line, markup=False, highlight=False, soft_wrap=True)


def _details(now: RunProgress) -> Details:
    errors = []
    for state, count, code, words, example in error_rows(now, went_wrong(now.errors)):
        such_as = f", for example {named}" if (named := example_words(example)) else ""
        errors.append((f"{state} {code}", f"{count:>9,}  {state}: {words} ({code}){such_as}"))
    return Details(errors[:MOST_ERRORS], wait_lines(now), time.monotonic())


def _against(now: RunProgress) -> str:
    """What was spent against budget and estimate; "" where there is neither."""
    limited = now.budget_micro is not None or now.estimate_micro
    return next(cost_lines(now), "") if limited else ""


def _drawn(now: RunProgress, details: Details) -> RenderableType:
    line = Table.grid(padding=(0, 1))
    line.add_row(
        "Writing",
        ProgressBar(total=max(1, now.total), completed=now.ended, width=30),
        f"{now.ended:,}/{now.total:,}",
        pace_line(now),
    )
    errors = (Text(text, "dim") for _, text in details.errors)
    money = [Text(limits, "dim")] if (limits := _against(now)) else []
    return Group(line, *money, *errors, *map(Text, details.waits))
