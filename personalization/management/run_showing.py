"""Runs as a table, one run as a page of lines, and both for programs."""

from collections.abc import Sequence
from typing import Any

from django.utils.timezone import localtime
from rich.console import Console
from rich.table import Table

from personalization.management.run_lines import (
    SHORT,
    cost_lines,
    error_rows,
    lesson_table,
    pace_line,
    result_table,
    texts,
    wait_lines,
)
from personalization.models import GenerationRun
from personalization.models.runs import ENDED, ItemState, Kind
from personalization.pricing import amount, money
from personalization.queries import Progress, item_counts, progress
from personalization.run_report import slowest_lessons, waits
from personalization.run_report.words import state_words

NONE = "There is no such run. Start one: manage.py personalize"


def print_runs(console: Console, runs: Sequence[GenerationRun]) -> None:
    if not runs:
        console.print(NONE)
        return
    counts = item_counts(run.pk for run in runs)
    table = Table(box=None)
    for heading in ("run", "started", "state", "course", "by", "texts", "failed", "cost"):
        table.add_column(heading, no_wrap=heading != "course")
    for run in runs:
        of_run = counts[run.pk]
        ended = sum(of_run.get(state, 0) for state in ENDED)
        table.add_row(
            str(run.pk)[:SHORT],
            f"{localtime(run.created_at):%Y-%m-%d %H:%M}",
            state_words(run.state, run.pilot),
            run.course.slug if run.course else "all",
            run.backend,
            f"{ended:,}/{sum(of_run.values()):,}",
            f"{of_run.get(ItemState.FAILED, 0):,}",
            _money_cell(run),
        )
    console.print(table)


def print_run(console: Console, run: GenerationRun) -> None:
    now = progress(run.pk)
    percent = 100 * now.ended // now.total if now.total else 100
    course = f"course {run.course.slug}" if run.course else "all courses"
    ended = f", ended {localtime(run.closed_at):%Y-%m-%d %H:%M:%S}" if run.closed_at else ""
    kind = f"{run.get_kind_display()}, " if run.kind == Kind.TEMPLATES else ""
    lines = [
        f"Run {run.pk}: {state_words(now.state, now.pilot)}, {kind}{course}, by {run.backend}",
        f"started {localtime(run.created_at):%Y-%m-%d %H:%M:%S}{ended}",
        f"{now.ended:,} of {texts(now.total)} ({percent} %) {pace_line(now)}".rstrip(),
        *cost_lines(now),
        *wait_lines(now),
    ]
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(result_table(now))
    if now.calls and (times := slowest_lessons(run.pk, now.calls)).lessons:
        console.print(lesson_table(times))


def runs_as_json(runs: Sequence[GenerationRun]) -> dict[str, Any]:
    counts = item_counts(run.pk for run in runs)
    return {"runs": [{**_facts(run), "items": counts[run.pk]} for run in runs]}


def run_as_json(run: GenerationRun) -> dict[str, Any]:
    now = progress(run.pk)
    times = slowest_lessons(run.pk, now.calls)
    return {
        **_facts(run),
        "items": now.counts,
        "total": now.total,
        "ended": now.ended,
        "rate": round(now.pace, 3),
        "seconds_left": now.seconds_left,
        "waits": [
            {"reason": wait.reason.value, "items": wait.items, "seconds": wait.seconds} for wait in waits(now)
        ],
        "errors": _errors(now),
        "slowest_lessons": [
            {
                "number": lesson.number,
                "title": lesson.title,
                "mean_seconds": lesson.mean,
                "calls": lesson.calls,
            }
            for lesson in times.lessons
        ],
    }


def _facts(run: GenerationRun) -> dict[str, Any]:
    """Amounts are texts: a program must not lose millionths to floating point."""
    return {
        "id": str(run.pk),
        "kind": run.kind,
        "state": run.state,
        "pilot": run.pilot,
        "note": run.note,
        "backend": run.backend,
        "course": run.course.slug if run.course else None,
        "created_at": run.created_at.isoformat(),
        "closed_at": run.closed_at.isoformat() if run.closed_at else None,
        "budget": _amount(run.budget_micro),
        "spent": amount(run.spent_micro),
        "reserved": amount(run.reserved_micro),
        "estimate": _amount(run.estimate_micro),
        "calls": run.calls,
        "input_tokens": run.input_tokens,
        "cached_tokens": run.cached_tokens,
        "output_tokens": run.output_tokens,
    }


def _amount(micro: int | None) -> str | None:
    return None if micro is None else amount(micro)


def _money_cell(run: GenerationRun) -> str:
    if run.budget_micro is not None:
        return f"{money(run.spent_micro)} of {money(run.budget_micro)}"
    return money(run.spent_micro) if run.spent_micro else ""


def _errors(now: Progress) -> list[dict[str, Any]]:
    return [
        {
            "state": state,
            "code": code,
            "items": items,
            "message": words,
            "example": example
            and {"item": example.item_id, "lesson": example.lesson_number, "attempts": example.attempts},
        }
        for state, items, code, words, example in error_rows(now, now.errors)
    ]
