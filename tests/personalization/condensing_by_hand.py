"""One worker's attempts at condensing, step by step: what came back is settled as a drain settles it."""

from collections.abc import Callable
from dataclasses import dataclass, field

from personalization.condensing.plan import Part
from personalization.errors import Transient
from personalization.services import queue
from personalization.services.attempts import Again, Job, Outcome
from personalization.services.condensing import part_condensed, part_failed
from personalization.services.work import prepare
from personalization.writers.base import Draft, Usage


@dataclass
class Worked:
    """`asked`: the parts, in order; `last`: the job of the text itself, or how it ended without one."""

    asked: list[Part] = field(default_factory=list)
    last: Job | Outcome | None = None


def begins(worker: str = "by hand") -> Job:
    """The attempt that condenses, of all that are due."""
    jobs, outcomes = prepare(queue.claim(50, worker=worker, lease=60))
    queue.settle(outcomes)
    [job] = jobs
    assert job.condensing
    return job


def condensed(job: Job, write: Callable[[Part], str]) -> Worked:
    """Every part as `write` answers it."""
    worked = Worked()
    while job.condensing:
        worked.asked.append(job.condensing.missing[0])
        draft = Draft({"condensed": write(worked.asked[-1])}, Usage())
        landed = part_condensed(job, draft)
        if not isinstance(landed, Again):
            queue.settle([landed])
            worked.last = landed
            return worked
        queue.settle([], [landed])
        job = landed.job
    worked.last = job
    return worked


def fails(job: Job) -> Outcome:
    """Its next part does, for the endpoint's sake; it is due again at once."""
    outcome = part_failed(job, Transient("http_500", "the endpoint has a fault"), base_pause=0)
    queue.settle([outcome])
    return outcome
