"""A run's calls that nobody answered, step by step: what came back is settled as a drain settles it."""

from collections.abc import Iterable
from typing import Any

from personalization.errors import Transient
from personalization.models import GenerationItem, GenerationRun
from personalization.services.attempts import Job, Outcome
from personalization.services.outages import CALLS
from personalization.services.work import failed
from tests.builders import make_call
from tests.personalization.paid_work import reserved


def refused(job: Job, code: str = "http_500") -> Outcome:
    return failed(job, Transient(code, "the endpoint did not answer"), base_pause=0)


def earlier_calls(of: GenerationRun, count: int = CALLS, **fields: Any) -> None:
    """Of the run, and in vain, unless the fields say otherwise."""
    fields = {"state": "error", "error_code": "http_500", "run": of, **fields}
    for _ in range(count):
        make_call(**fields)


def last_attempt(run: GenerationRun) -> Job:
    (job,) = last_attempt_of_all(run)
    return job


def last_attempt_of_all(run: GenerationRun) -> list[Job]:
    GenerationItem.objects.filter(run=run).update(attempts=5)
    return reserved()


def seen(run: GenerationRun) -> tuple[str, str, list[tuple[str, int]]]:
    run.refresh_from_db()
    items: Iterable[tuple[str, int]] = run.items.order_by("pk").values_list("state", "attempts")
    return run.state, run.note, list(items)
