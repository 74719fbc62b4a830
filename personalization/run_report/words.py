"""A run's figures in words: translated on a page, English in a terminal."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from personalization.models.runs import Pilot, RunState
from personalization.queries import Progress
from personalization.run_report.held import held_items

STATES = {
    RunState.OPEN: pgettext_lazy("run", "running"),
    RunState.PAUSED: pgettext_lazy("run", "paused"),
    RunState.CANCELLED: pgettext_lazy("run", "cancelled"),
    RunState.CLOSED: pgettext_lazy("run", "finished"),
}
LOOK = pgettext_lazy("run", "waits for a look")
MINUTES_FROM, HOURS_FROM = 90, 90 * 60  # seconds
ENOUGH = 20  # items that a call was made for: fewer say nothing of what the rest will cost


def state_words(state: str, pilot: str = "") -> str:
    """An open run whose pilot is written waits for a person; nothing else is worth a word of its own."""
    waiting = state == RunState.OPEN and pilot == Pilot.WAITING
    return str(LOOK if waiting else STATES[RunState(state)])


def grouped(number: int) -> str:
    return number_format(number, force_grouping=True)


def rate_words(per_second: float) -> str:
    if not per_second:
        return ""
    if per_second >= 1:
        return _("{count} per second").format(count=number_format(round(per_second, 1), 1))
    return _("{count} per minute").format(count=number_format(round(per_second * 60, 1), 1))


def duration_words(seconds: float | None) -> str:
    if seconds is None:
        return ""
    if seconds < MINUTES_FROM:
        whole = max(1, round(seconds))
        return ngettext("about %s second", "about %s seconds", whole) % whole
    if seconds < HOURS_FROM:
        minutes = round(seconds / 60)
        return ngettext("about %s minute", "about %s minutes", minutes) % minutes
    hours = round(seconds / 3600)
    return ngettext("about %s hour", "about %s hours", hours) % hours


def projected_micro(now: Progress) -> int | None:
    """What the whole run will have cost, by what its items cost so far; None while that is a guess."""
    # A pilot's drafts are paid for, too.
    written = now.counts.get("done", 0) + now.counts.get("failed", 0) + held_items(now, "pilot")
    if not now.spent_micro or written < ENOUGH:
        return None
    without_a_call = sum(now.counts.get(state, 0) for state in ("unchanged", "skipped", "cancelled"))
    left = now.total - without_a_call - written
    if now.to_write is not None:
        # Of those that are left most may be unchanged: a call is made for what was to be written.
        left = min(left, max(0, now.to_write - written))
    return round(now.spent_micro / written * (written + left))


def cached_share(now: Progress) -> int | None:
    """Percent of the input tokens that came from the provider's prefix cache; None without any input."""
    return round(100 * now.cached_tokens / now.input_tokens) if now.input_tokens else None
