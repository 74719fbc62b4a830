"""What a run's page shows, now: read again every second while the run goes on."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from personalization.explanations import explanation, translated
from personalization.models import GenerationItem, ItemState, RunState
from personalization.queries import ErrorKind, Progress, progress

MOST_FAILURES = 50  # rows on the page; the counts above them are complete
STATES = {
    RunState.OPEN: pgettext_lazy("run", "running"),
    RunState.PAUSED: pgettext_lazy("run", "paused"),
    RunState.CANCELLED: pgettext_lazy("run", "cancelled"),
    RunState.CLOSED: pgettext_lazy("run", "finished"),
}
# A worker sweeps every few seconds: an item that is due for longer has nobody to take it.
NOBODY_WORKS = """
    SELECT EXISTS (SELECT FROM generation_items WHERE run_id = %s AND state = 'queued'
                   AND available_at < clock_timestamp() - interval '15 seconds')
       AND NOT EXISTS (SELECT FROM generation_items
                       WHERE state = 'running' AND lease_until > clock_timestamp())
"""


@dataclass(frozen=True, slots=True)
class RunView:
    """A run's progress in words. `goes_on`: the page should look again."""

    now: Progress
    counts: list[tuple[str, str, int]]  # state, its name, items
    percent: int
    rate: str
    time_left: str
    note: str
    errors: list[tuple[str, ErrorKind, str]]  # state's name, kind, what happened
    failures: list[tuple[GenerationItem, str]]  # item, what happened
    commands: list[str]
    nobody_works: bool
    goes_on: bool

    @property
    def state_name(self) -> str:
        return str(STATES[RunState(self.now.state)])

    @property
    def summary(self) -> str:
        """For a screen reader: changes with the state and every tenth of the way, not every second."""
        return _("{state}: {percent} %").format(state=self.state_name, percent=self.percent // 10 * 10)


def run_view(run_id: UUID) -> RunView:
    """Raises GenerationRun.DoesNotExist."""
    now = progress(run_id)
    # A run that has just ended is closed, and one that was cancelled comes to rest, within seconds.
    goes_on = now.state in (RunState.OPEN, RunState.PAUSED) or now.ended < now.total
    return RunView(
        now=now,
        counts=[
            (state.value, str(state.label), now.counts[state]) for state in ItemState if now.counts.get(state)
        ],
        percent=100 * now.ended // now.total if now.total else 100,
        rate=_rate(now.rate) if now.state == RunState.OPEN else "",
        time_left=_time_left(now.seconds_left) if now.state == RunState.OPEN else "",
        note=translated(now.note),
        errors=[
            (str(ItemState(kind.state).label), kind, explanation(kind.code, kind.message))
            for kind in now.errors
        ],
        failures=failed_items(run_id) if now.counts.get(ItemState.FAILED) else [],
        commands=allowed_commands(now),
        nobody_works=now.state == RunState.OPEN and not now.rate and _nobody_works(run_id),
        goes_on=goes_on,
    )


def allowed_commands(now: Progress) -> list[str]:
    """What the run's state allows: some of pause, resume, cancel, retry."""
    commands = {RunState.OPEN: ["pause", "cancel"], RunState.PAUSED: ["resume", "cancel"]}
    allowed = commands.get(RunState(now.state), [])
    if now.counts.get(ItemState.FAILED) and now.state != RunState.CANCELLED:
        allowed = [*allowed, "retry"]
    return allowed


def run_counts(run_ids: list[UUID]) -> dict[UUID, dict[str, int]]:
    """Run → state → items, for a page of runs; one query over an index."""
    counts: dict[UUID, dict[str, int]] = {run_id: {} for run_id in run_ids}
    rows = GenerationItem.objects.filter(run__in=run_ids).order_by().values_list("run_id", "state")
    for run_id, state, count in rows.annotate(count=Count("*")):
        counts[run_id][state] = count
    return counts


def failed_items(run_id: UUID) -> list[tuple[GenerationItem, str]]:
    """The first of a run's failed items, each with what happened in words."""
    items = GenerationItem.objects.filter(run=run_id, state=ItemState.FAILED)
    shown = ("error_code", "error_message", "attempts", "profile__user_identifier", "profile__name")
    lesson = ("lesson__lesson_number", "lesson__title")
    first = items.select_related("profile", "lesson").only(*shown, *lesson).order_by("pk")[:MOST_FAILURES]
    return [(item, explanation(item.error_code, item.error_message)) for item in first]


def _nobody_works(run_id: UUID) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(NOBODY_WORKS, [run_id])
        return bool(cursor.fetchone()[0])


def _rate(per_second: float) -> str:
    if not per_second:
        return ""
    if per_second >= 1:
        return _("{count} per second").format(count=number_format(round(per_second, 1), 1))
    return _("{count} per minute").format(count=number_format(round(per_second * 60, 1), 1))


def _time_left(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < 90:
        whole = max(1, round(seconds))
        return ngettext("about %s second", "about %s seconds", whole) % whole
    minutes = round(seconds / 60)
    if minutes < 90:
        return ngettext("about %s minute", "about %s minutes", minutes) % minutes
    hours = round(minutes / 60)
    return ngettext("about %s hour", "about %s hours", hours) % hours
