"""What a run's page shows, now: read again every second while the run goes on."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from personalization.admin.runs.chart import Chart, chart
from personalization.admin.runs.commands import Command, allowed_commands
from personalization.admin.runs.money import MoneyView, money_view
from personalization.explanations import explanation, translated
from personalization.models import GenerationItem, GenerationRun, ItemState, RunState
from personalization.models.runs import Kind
from personalization.queries import ErrorKind, Progress, progress
from personalization.run_report import (
    ErrorExample,
    LessonTimes,
    Reason,
    Wait,
    condensed_lessons,
    error_examples,
    slowest_lessons,
    waits,
    went_wrong,
)
from personalization.run_report.words import duration_words, grouped, rate_words, state_words
from personalization.services.timelines import kept_timeline
from personalization.writers.limits.view import read_limits

MOST_FAILURES = 50  # rows on the page; the counts above them are complete
SORTED_UP_TO = 10_000  # failed items
# While it waits for one of these, nobody knows when it will end.
OPEN_END = {Reason.BUDGET.value, Reason.PILOT_WRITING.value}
DECIDE = {Reason.PILOT.value, Reason.PILOT_EMPTY.value}  # nothing is begun before somebody has


@dataclass(frozen=True, slots=True)
class ErrorLine:
    """One kind of error: `count` items of this state have it, `example` is one of them."""

    kind: ErrorKind
    state: str
    words: str
    count: str
    example: ErrorExample | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run's progress in words. `goes_on`: the page should look again."""

    now: Progress
    of_lessons: bool  # it writes standard descriptions: no item has a learner
    began: datetime
    ended: datetime | None
    counts: list[tuple[str, str, str]]  # state, its name, items
    percent: int
    rate: str
    time_left: str
    note: str
    waits: dict[str, Wait]
    condensing: list[str]  # sentences: which lessons are condensed first, and what keeps them
    limits: list[str]  # sentences: what the provider allows now
    money: MoneyView | None
    errors: list[ErrorLine]
    failures: list[tuple[GenerationItem, str]]  # item, what happened
    lessons: LessonTimes
    chart: Chart | None
    commands: list[Command]
    goes_on: bool

    @property
    def state_name(self) -> str:
        return state_words(self.now.state, self.now.pilot)

    @property
    def finished(self) -> str:
        said = ngettext("{ended} of {total} text", "{ended} of {total} texts", self.now.total)
        return said.format(ended=grouped(self.now.ended), total=grouped(self.now.total))

    @property
    def took(self) -> str:
        """From the start to the end, with all pauses."""
        return duration_words((self.ended - self.began).total_seconds()) if self.ended else ""

    @property
    def held_for_money(self) -> str:
        return grouped(self.waits[Reason.BUDGET].items) if Reason.BUDGET in self.waits else ""

    @property
    def waiting_for_condensing(self) -> str:
        return grouped(self.waits[Reason.CONDENSING].items) if Reason.CONDENSING in self.waits else ""

    @property
    def next_try(self) -> str:
        return duration_words(self.waits[Reason.LATER].seconds) if Reason.LATER in self.waits else ""

    @property
    def silent(self) -> str:
        """How long ago a worker was last seen; empty where none was for a day."""
        return duration_words(self.waits[Reason.NO_WORKER].seconds) if Reason.NO_WORKER in self.waits else ""

    @property
    def lessons_said(self) -> str:
        seconds = number_format(self.lessons.mean, 2)
        if not self.lessons.spread:
            return _("A call took {seconds} s on average.").format(seconds=seconds)
        text = _("A call took {seconds} s on average: of {calls} that were looked at, all over the run.")
        return text.format(seconds=seconds, calls=grouped(self.lessons.calls))

    @property
    def summary(self) -> str:
        """For a screen reader: changes with the state and every tenth of the way, not every second."""
        return _("{state}: {percent} %").format(state=self.state_name, percent=self.percent // 10 * 10)


def run_view(run_id: UUID) -> RunView:
    """Raises GenerationRun.DoesNotExist."""
    now = progress(run_id)
    # Read after the progress: a run that has ended by then has its time.
    run = GenerationRun.objects.only("created_at", "closed_at", "kind").get(pk=run_id)
    # A run that has just ended is closed, and one that was cancelled comes to rest, within seconds.
    goes_on = now.state in (RunState.OPEN, RunState.PAUSED) or now.ended < now.total
    waiting = {wait.reason.value: wait for wait in waits(now)}
    moving = now.state == RunState.OPEN and not DECIDE & waiting.keys()
    return RunView(
        now=now,
        of_lessons=run.kind == Kind.TEMPLATES,
        began=run.created_at,
        ended=run.closed_at,
        counts=_counts(now),
        percent=100 * now.ended // now.total if now.total else 100,
        rate=rate_words(now.pace) if moving else "",
        time_left=_time_left(now) if moving and not OPEN_END & waiting.keys() else "",
        note=translated(now.note),
        waits=waiting,
        condensing=[one.words for one in condensed_lessons(run_id)] if Reason.CONDENSING in waiting else [],
        limits=_limits() if moving and now.calls and goes_on else [],
        money=money_view(now),
        errors=error_lines(now),
        failures=failed_items(run_id, now.counts.get(ItemState.FAILED, 0)),
        lessons=slowest_lessons(run_id, now.calls) if now.calls else LessonTimes(),
        chart=None if goes_on or not now.total else chart(kept_timeline(now, run.closed_at)),
        commands=allowed_commands(now),
        goes_on=goes_on,
    )


def _time_left(now: Progress) -> str:
    """Empty once all have ended: until the run is closed, a moment later, there is no second to tell of."""
    return duration_words(now.seconds_left) if now.ended < now.total else ""


def _limits() -> list[str]:
    """Empty where no limit is known: then there is nothing to tell why a run is not faster."""
    limits = read_limits(settings.OPENAI_MODEL)
    return limits.sentences() if limits.slows else []


def error_lines(now: Progress) -> list[ErrorLine]:
    """What waits for a person's decision has its own notice, and is no error."""
    kinds = went_wrong(now.errors)
    examples: Sequence[ErrorExample | None] = error_examples(now.run_id, kinds) if kinds else []
    return [
        ErrorLine(
            kind,
            str(ItemState(kind.state).label),
            explanation(kind.code, example.message if example else kind.message),
            grouped(kind.count),
            example,
        )
        for kind, example in zip(kinds, examples, strict=True)
    ]


def failed_items(run_id: UUID, count: int) -> list[tuple[GenerationItem, str]]:
    """The first of a run's `count` failed items, each with what happened in words."""
    if not count:
        return []
    items = GenerationItem.objects.filter(run=run_id, state=ItemState.FAILED)
    shown = ("error_code", "error_message", "attempts", "profile__user_identifier", "profile__name")
    lesson = ("lesson__lesson_number", "lesson__title")
    items = items.select_related("profile", "lesson").only(*shown, *lesson)
    # Where nearly everything failed any of them will do: to sort a million takes too long.
    items = items.order_by("pk") if count <= SORTED_UP_TO else items
    return [(item, explanation(item.error_code, item.error_message)) for item in items[:MOST_FAILURES]]


def _counts(now: Progress) -> list[tuple[str, str, str]]:
    return [
        (state.value, str(state.label), grouped(count))
        for state in ItemState
        if (count := now.counts.get(state, 0))
    ]
