"""Can this process serve? Each check with its state; only what a page needs makes it not ready."""

from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import Error

from persona_site.broker import broker_problem
from persona_site.faults import database_problem
from personalization.run_report.workers import workers
from personalization.watch.alarms import LONGEST_WAIT
from personalization.watch.figures import moving, oldest_due

# Well below a second, after which a probe gives up: a broker that hangs must not take the pages away.
BROKER_SECONDS = 0.25

type State = Literal["ok", "warning", "failed", "unknown"]


@dataclass(frozen=True, slots=True)
class Check:
    """`failed` makes the process not ready; a `warning` is somebody else's business: pages are served."""

    state: State
    detail: str = ""
    figures: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {"state": self.state, **({"detail": self.detail} if self.detail else {}), **self.figures}


def checks() -> dict[str, Check]:
    """By name: database, broker, workers, queue. Nothing in them is secret: they are shown to anybody."""
    try:
        # Of tables of the newest migration: where they are missing, the code is ahead of the database.
        read = {"database": Check("ok"), "workers": _workers(), "queue": _queue()}
    except Error as error:
        problem = database_problem(error) or f"it refused a statement ({type(error).__name__})"
        unknown = Check("unknown", "the database would say")
        read = {"database": Check("failed", problem), "workers": unknown, "queue": unknown}
    return {**read, "broker": _broker()}


def is_ready(found: dict[str, Check]) -> bool:
    return all(check.state != "failed" for check in found.values())


def _broker() -> Check:
    # Pages never talk to it, and workers find what is due without it, only later.
    problem = broker_problem(BROKER_SECONDS)
    return Check("warning", problem) if problem else Check("ok")


def _workers() -> Check:
    seen = workers()
    figures = {
        "alive": seen.alive,
        "seen_seconds": None if seen.silent is None else round(seen.silent, 1),
    }
    return Check("warning", "nobody writes texts", figures) if seen.gone else Check("ok", figures=figures)


def _queue() -> Check:
    waits = oldest_due()
    figures = {"oldest_due_seconds": round(waits, 1)}
    if waits > LONGEST_WAIT and not moving(LONGEST_WAIT):
        return Check("warning", "items are due and nobody takes one", figures)
    return Check("ok", figures=figures)
