"""A batch of claims of any kind → what there is to write, and what is settled without a call."""

from collections.abc import Sequence

from personalization.services.attempts import Claim, Job, Outcome
from personalization.services.sources import Sources
from personalization.services.template_work import prepare_templates
from personalization.services.work import prepare


def prepare_all(claims: Sequence[Claim], sources: Sources) -> tuple[list[Job], list[Outcome]]:
    of_learners = [claim for claim in claims if claim.profile_id]
    of_lessons = [claim for claim in claims if not claim.profile_id]
    jobs, outcomes = prepare(of_learners, sources) if of_learners else ([], [])
    if of_lessons:
        more_jobs, more_outcomes = prepare_templates(of_lessons, sources)
        jobs, outcomes = jobs + more_jobs, outcomes + more_outcomes
    return jobs, outcomes
