"""Items of a run whose calls cost money: claimed, priced and ended in one line each."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from courses.formats.definition import Document
from personalization.models import GenerationRun, ModelCall
from personalization.services import queue
from personalization.services.attempts import Job, Outcome
from personalization.services.ledger import Reserved, reserve
from personalization.services.work import prepare, written
from personalization.writers.base import Draft, Usage
from tests.builders import PERSONAL_TEXT, make_course, make_item, make_learner, make_lesson, make_run

MODEL = "gpt-4.1-mini"
# One millionth for each token: money and tokens are the same numbers.
PRICES = {
    "currency": "USD",
    "date": "2026-11-01",
    "models": {MODEL: {"input": 1, "cached_input": 1, "output": 1}},
}
MOST = Usage(100, 0, 50)  # of a call, before it is made: 150 millionths
USED = Usage(60, 40, 20, reported=True)  # 80 millionths
NEW: Document = {**PERSONAL_TEXT, "why_watch": "Новый текст."}


def paid_run(items: int = 1, **fields: Any) -> GenerationRun:
    """A run with so many items, each of another learner."""
    course = make_course()
    lesson = make_lesson(course)
    run = make_run(**{"backend": "openai", **fields})
    for _ in range(items):
        make_item(run, make_learner(course=course), lesson)
    return run


def claim(limit: int = 100) -> list[queue.Claim]:
    return queue.claim(limit, worker="test", lease=30)


def jobs(limit: int = 100) -> list[Job]:
    """Claimed, prepared and priced, not reserved yet."""
    found, _ = prepare(claim(limit))
    return [replace(job, estimate=MOST) for job in found]


def reserved(limit: int = 100) -> list[Job]:
    allowed = reserve(jobs(limit)).allowed
    assert allowed, "nothing was due, or the budget has refused it"
    return allowed


def held(found: Reserved) -> list[Outcome]:
    return [outcome for outcome in found.outcomes if outcome.state == "held"]


def good(job: Job, usage: Usage = USED) -> Outcome:
    return written(job, Draft(NEW, usage))


def settle(outcomes: Iterable[Outcome]) -> queue.Settled:
    return queue.settle(list(outcomes))


def settle_all(outcomes: Iterable[Outcome]) -> None:
    """As a worker does: what others have locked is settled again."""
    rest = list(outcomes)
    while rest:
        busy = queue.settle(rest).busy
        rest = [outcome for outcome in rest if outcome.claim in busy]


def money(run: GenerationRun) -> tuple[int, int]:
    """(reserved, spent)"""
    run.refresh_from_db()
    return run.reserved_micro, run.spent_micro


def calls(*fields: str) -> Sequence[Any]:
    return list(ModelCall.objects.order_by("pk").values_list(*fields, flat=len(fields) == 1))
