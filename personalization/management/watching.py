"""A run's preview and progress in the terminal."""

import time
from uuid import UUID

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.table import Table

from personalization.costs.estimate import Estimate
from personalization.costs.words import budget_said, estimate_said
from personalization.models.runs import RunState
from personalization.queries import Preview, progress
from personalization.queries import Progress as RunProgress

POLL_SECONDS = 0.5
SILENCE_SECONDS = 15.0  # without a finished item: then it is worth asking whether a worker runs
VERDICTS = {
    "write": "to write",
    "unchanged": "unchanged: nothing to do",
    "locked": "skipped: an editor changed the text",
    "no_survey": "skipped: the learner has answered nothing",
    "no_source": "skipped: the lesson has no transcript",
    "better_text": "skipped: the simple writer replaces only its own texts (--backend openai, or --force)",
}


def print_preview(console: Console, preview: Preview, backend: str) -> None:
    console.print(
        f"{preview.learners:,} learners × their lessons = {preview.total:,} texts, backend “{backend}”"
        + (" (template sentences, no language model)" if backend == "simple" else "")
    )
    for verdict, count in sorted(preview.by_verdict.items(), key=lambda item: -item[1]):
        console.print(f"  {count:>9,}  {VERDICTS.get(verdict, verdict)}")
    if preview.replaces_locked:
        console.print(f"  {preview.replaces_locked:,} of those to write replace the words of an editor")
    if preview.being_written:
        console.print(f"  {preview.being_written:,} of them are already being written")


def print_estimate(console: Console, estimate: Estimate, budget_micro: int | None) -> None:
    for line in filter(None, [*estimate_said(estimate), budget_said(estimate, budget_micro)]):
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def watch(console: Console, run_id: UUID) -> bool:
    """Shows a bar until the run ends, then a table. Whether every item ended well.

    Ctrl-C stops the watching, not the run.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[pace]}"),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("Writing", total=None, pace="")
        seen, since, asked = -1, time.monotonic(), False
        while True:
            now = progress(run_id)
            bar.update(task, total=now.total, completed=now.ended, pace=_pace(now))
            if now.state != RunState.OPEN:
                break
            if now.ended != seen:
                seen, since = now.ended, time.monotonic()
            elif not asked and time.monotonic() - since > SILENCE_SECONDS:
                asked = True
                bar.console.print(
                    f"Nothing has finished for {SILENCE_SECONDS:.0f} s. Does a worker run? "
                    "Start one: celery -A persona_site worker"
                )
            time.sleep(POLL_SECONDS)
    _print_result(console, now)
    return now.state == RunState.CLOSED and not now.counts.get("failed")


def _pace(now: RunProgress) -> str:
    if not now.rate:
        return ""
    left = now.seconds_left or 0
    return f"{now.rate:.1f}/s, {left // 60:.0f}:{left % 60:02.0f} left"


def _print_result(console: Console, now: RunProgress) -> None:
    table = Table("result", "texts", "what happened")
    for state, count in sorted(now.counts.items()):
        table.add_row(state, f"{count:,}", "")
    for error in now.errors:
        if error.state != "done":
            table.add_row(f"  {error.state}", f"{error.count:,}", f"{error.code}: {error.message}")
    console.print(table)
    if now.note:
        console.print(f"The run is {now.state}: {now.note}")
