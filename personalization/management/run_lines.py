"""A run in lines of a terminal: English, short, and without anything that leads to a person."""

from collections.abc import Iterator, Sequence

from django.conf import settings
from rich.table import Table

from personalization.explanations import explanation
from personalization.learner_files.privacy import shown_identifier
from personalization.models.runs import ItemState, Pilot, RunState
from personalization.pricing import money
from personalization.queries import ErrorKind, Progress
from personalization.run_report import (
    ErrorExample,
    LessonTimes,
    Reason,
    Wait,
    condensed_lessons,
    error_examples,
    waits,
)
from personalization.run_report.held import held_items
from personalization.run_report.words import cached_share, projected_micro
from personalization.writers.limits.view import read_limits

WORKER = "celery -A persona_site worker"
SHORT = 8  # characters of an id: enough to find the run by


def pace_line(now: Progress) -> str:
    """Rate, time left and cost: "12.0/s, 1:13 left, 0.42 USD"."""
    parts = []
    if now.pace and now.state == RunState.OPEN:
        parts.append(f"{now.pace:.1f}/s")
        # Else a person's look, or a higher budget, comes between.
        if now.pilot != Pilot.WRITING and not held_items(now, "budget"):
            parts.append(f"{clock(now.seconds_left or 0)} left")
    if now.spent_micro or now.reserved_micro:
        parts.append(money(now.spent_micro))
    return ", ".join(parts)


def clock(seconds: float) -> str:
    """1:05, or 2:01:05 from an hour on."""
    minutes, whole = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{whole:02}" if hours else f"{minutes}:{whole:02}"


def texts(count: int) -> str:
    return f"{count:,} text" if count == 1 else f"{count:,} texts"


def cost_lines(now: Progress) -> Iterator[str]:
    """What was spent, against what; nothing for a run that costs nothing."""
    if not (now.calls or now.spent_micro or now.reserved_micro or now.budget_micro or now.estimate_micro):
        return
    parts = [f"spent {money(now.spent_micro)}"]
    if now.reserved_micro:
        parts.append(f"reserved {money(now.reserved_micro)}")
    if now.budget_micro is not None:
        parts.append(f"budget {money(now.budget_micro)}")
    if now.estimate_micro is not None:
        parts.append(f"estimated {money(now.estimate_micro)}")
    if now.ended < now.total and (projected := projected_micro(now)) is not None:
        parts.append(f"in all about {money(projected)}")
    yield ", ".join(parts)
    share = cached_share(now)
    cached = f" ({share} % from the cache)" if share is not None else ""
    yield f"{now.calls:,} calls, {now.input_tokens:,} tokens in{cached}, {now.output_tokens:,} out"


def wait_lines(now: Progress) -> list[str]:
    """What the run waits for, each with what to do about it."""
    found = waits(now)
    lines = [_wait_line(now, wait) for wait in found]
    if any(wait.reason == Reason.CONDENSING for wait in found):
        lines += [f"  {lesson.words}" for lesson in condensed_lessons(now.run_id)]
    # In hand, and none has ended for half a minute: it is the provider's pace that workers keep.
    in_hand = now.counts.get(ItemState.RUNNING, 0) if now.state == RunState.OPEN and not now.rate else 0
    if in_hand and not {Reason.NO_WORKER, Reason.NOBODY} & {wait.reason for wait in found}:
        lines += [f"waiting for the model: {texts(in_hand)} in hand. {said}" for said in _limits()]
    return lines


def _wait_line(now: Progress, wait: Wait) -> str:
    run, items, pause = str(now.run_id)[:SHORT], texts(wait.items), clock(wait.seconds or 0)
    look, accept = f"manage.py runs look {run}", f"manage.py runs accept {run}"
    lines = {
        Reason.PAUSED: f"paused: {now.note or 'nobody said why.'} Go on: manage.py runs resume {run}",
        Reason.PILOT_WRITING: f"the pilot is being written, {wait.items:,} so far: {look}",
        Reason.PILOT: f"the pilot waits for a look ({items}): {look}, then {accept} or cancel",
        Reason.PILOT_EMPTY: "nothing of the pilot was written, so there is nothing to look at. "
        f"Go on without a look: {accept}; or cancel",
        Reason.BUDGET: f"waiting for money: {items}. Go on: manage.py runs raise-budget {run} AMOUNT",
        Reason.NO_WORKER: f"no worker is alive: {items} wait, {_seen(wait)}. Start one: {WORKER}",
        Reason.NOBODY: f"no worker takes what is due: {items}, though {wait.workers} are alive. "
        "What is wrong: manage.py doctor",
        Reason.BUSY: f"waiting for their turn: {items}; the workers are busy with other runs",
        Reason.LATER: f"waiting to be tried again after a pause: {items}, the first in {pause}",
        Reason.CONDENSING: f"waiting for their lessons to be condensed, too long for the model: {items}",
        Reason.STOPPING: f"cancelled, coming to rest: {items}",
    }
    return lines[wait.reason]


def _seen(wait: Wait) -> str:
    return "none was seen today" if wait.seconds is None else f"the last was seen {clock(wait.seconds)} ago"


def _limits() -> list[str]:
    """In one line what is known of the limits; empty where nothing is."""
    limits = read_limits(settings.OPENAI_MODEL)
    return [" ".join(limits.sentences())] if limits.slows else []


def error_rows(
    now: Progress, kinds: Sequence[ErrorKind]
) -> list[tuple[str, int, str, str, ErrorExample | None]]:
    """(state, texts, code, what happened, an example) of each of the kinds."""
    examples: Sequence[ErrorExample | None] = error_examples(now.run_id, kinds) if kinds else []
    return [
        (
            kind.state,
            kind.count,
            kind.code,
            explanation(kind.code, example.message if example else kind.message),
            example,
        )
        for kind, example in zip(kinds, examples, strict=True)
    ]


def example_words(example: ErrorExample | None) -> str:
    if example is None:
        return ""
    if example.profile_id is None:
        return f"lesson {example.lesson_number}"
    return f"{shown_identifier(example.identifier, example.item_id)}, lesson {example.lesson_number}"


def result_table(now: Progress) -> Table:
    """Texts by state, and below each state the kinds of errors in it."""
    table = Table("result", "texts", "what happened", "for example")
    rows = error_rows(now, now.errors)
    for state, count in sorted(now.counts.items()):
        table.add_row(state, f"{count:,}", "", "")
        for of_state, count_of_kind, code, words, example in rows:
            if of_state == state:
                table.add_row("", f"{count_of_kind:,}", f"{code}: {words}", example_words(example))
    return table


def lesson_table(times: LessonTimes) -> Table:
    table = Table("slowest lessons", "mean s", "longest s", "calls")
    for lesson in times.lessons:
        figures = (f"{lesson.mean:.2f}", f"{lesson.longest:.2f}", f"{lesson.calls:,}")
        table.add_row(f"{lesson.number}. {lesson.title}", *figures)
    return table
