"""From claims to outcomes: what there is to write, and what an attempt's end means for the queue."""

import logging
import random
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from courses.formats.shapes import chosen_format
from courses.models import Lesson
from personalization.answers import cleaned_answers, usable_name
from personalization.brief import Brief, Current, reason_to_skip
from personalization.errors import Permanent, RunBlocked, Transient, WriterError
from personalization.models import GenerationRun, PersonalizedLessonDescription, Profile
from personalization.models.runs import Backend
from personalization.services.clusters import UNREFINED, clusters_for, stored_cluster
from personalization.services.queue import Claim, Outcome, Text
from personalization.services.refinements import log_refinements, refinement
from personalization.supervisor import guidance
from personalization.writers.base import Draft
from personalization.writers.registry import current_recipe

log = logging.getLogger(__name__)
LONGEST_PAUSE = 300.0  # seconds
REASONS = {
    "locked": "an editor changed the text; it is left as it is",
    "no_survey": "the learner has answered nothing",
    "no_source": "the lesson has no transcript, or one of a few words",
    "better_text": "the simple writer replaces only texts of its own",
}


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed item that is worth writing."""

    claim: Claim
    brief: Brief
    backend: str
    replaces: datetime | None = None  # the editor's change that this text may replace


def prepare(claims: Sequence[Claim]) -> tuple[list[Job], list[Outcome]]:
    """What to write, and what is settled without a call; inputs are read after the claim."""
    runs = GenerationRun.objects.in_bulk({claim.run_id for claim in claims})
    lessons = Lesson.objects.select_related("course").in_bulk({claim.lesson_id for claim in claims})
    profiles = Profile.objects.in_bulk({claim.profile_id for claim in claims})
    texts, locks = _current_texts(profiles, lessons)
    clusters = clusters_for(profiles.values())
    jobs: list[Job] = []
    outcomes: list[Outcome] = []
    for claim in claims:
        run, profile, lesson = (
            runs.get(claim.run_id),
            profiles.get(claim.profile_id),
            lessons.get(claim.lesson_id),
        )
        if run is None or profile is None or lesson is None:
            continue  # deleted since the claim, and its item with it
        try:
            brief = make_brief(profile, lesson, clusters.get(profile.pk, UNREFINED))
            current = texts.get((profile.pk, lesson.pk))
            replaces = replaceable(run, locks.get((profile.pk, lesson.pk)))
            decided = _decided(claim, run, brief, current, replace_locked=replaces is not None)
        except Exception as error:
            # An adopted row that nobody foresaw must not take the rest of the batch along.
            failure = internal(claim, error)
            outcomes.append(Outcome(claim, "retry", failure.code, failure.message, delay=LONGEST_PAUSE))
            continue
        if decided:
            outcomes.append(decided)
        else:
            jobs.append(Job(claim, brief, run.backend, replaces))
    _log_refinements(jobs)
    return jobs, outcomes


def _log_refinements(jobs: Sequence[Job]) -> None:
    """Once for each text: not again where an attempt failed. The simple writer has no prompt to refine."""
    first = (job for job in jobs if job.backend != Backend.SIMPLE and job.claim.attempts <= 1)
    refined = (refinement(profile=j.claim.profile_id, run=j.claim.run_id, brief=j.brief) for j in first)
    log_refinements([row for row in refined if row])


def replaceable(run: GenerationRun, edited_at: datetime | None) -> datetime | None:
    """The lock, where the run may replace it: one that stood when the run was started.

    A run may take hours. Who edits a text meanwhile was not asked, and keeps their words.
    """
    wanted = bool(run.options.get("replace_locked")) and edited_at is not None
    return edited_at if wanted and edited_at and edited_at <= run.created_at else None


def _decided(
    claim: Claim, run: GenerationRun, brief: Brief, current: Current | None, *, replace_locked: bool
) -> Outcome | None:
    """The end of an item that needs no writer; None: write."""
    force = bool(run.options.get("force"))
    recipe = current_recipe(run.backend)
    reason = reason_to_skip(brief, current, recipe, force=force, replace_locked=replace_locked)
    if reason is None:
        return None
    return (
        Outcome(claim, "unchanged")
        if reason == "unchanged"
        else Outcome(claim, "skipped", reason, REASONS[reason])
    )


def internal(claim: Claim, error: Exception) -> Transient:
    """An error of ours, logged with its place but without its words: they may quote a learner."""
    frames = "".join(traceback.format_tb(error.__traceback__))
    log.error("item %s: unexpected %s\n%s", claim.id, type(error).__name__, frames)
    return Transient("internal", f"an error of this software: {type(error).__name__}")


def make_brief(profile: Profile, lesson: Lesson, cluster: str | None = None) -> Brief:
    """Everything that goes into the learner's text for the lesson (whose course must be loaded).

    `cluster`: None, the one that is stored, by a query; UNREFINED, none.
    """
    name = usable_name(profile.name)
    cluster = stored_cluster(profile.pk) if cluster is None else cluster
    return Brief(
        course_title=lesson.course.title,
        language=lesson.course.language,
        lesson_id=lesson.pk,
        lesson_title=lesson.title,
        summary=lesson.summary or "",
        transcript=lesson.transcript,
        name=name,
        answers=cleaned_answers(profile.survey, name, profile.user_identifier),
        source_hash=lesson.source_hash,
        answers_hash=profile.answers_hash,
        format=chosen_format(lesson.course.personal_format),
        cluster_type=cluster,
        guidance=guidance(cluster, lesson.course.language),
    )


def written(job: Job, draft: Draft) -> Outcome:
    recipe = current_recipe(job.backend)
    text = Text(
        content=draft.content,
        origin=recipe.origin,
        model=recipe.model,
        prompt_version=recipe.prompt_version,
        fingerprint=job.brief.fingerprint(recipe),
        replaces=job.replaces.isoformat() if job.replaces else None,
    )
    return Outcome(job.claim, "done", text=text)


def failed(job: Job, error: WriterError, *, base_pause: float) -> Outcome:
    """Transient: later, after a growing pause with full jitter. Blocked: at once, when the run goes on."""
    claim = job.claim
    if isinstance(error, Permanent):
        return Outcome(claim, "failed", error.code, error.message)
    if isinstance(error, RunBlocked):
        return Outcome(claim, "retry", error.code, error.message, give_back=True)
    asked = error.retry_after if isinstance(error, Transient) else None
    longest = min(LONGEST_PAUSE, base_pause * 2.0**claim.attempts)
    # What the provider asked for is kept; the jitter on top keeps all items from coming back at once.
    delay = random.uniform(0, longest) if asked is None else asked + random.uniform(0, 1)
    return Outcome(claim, "retry", error.code, error.message, delay)


def _current_texts(
    profiles: dict[UUID, Profile], lessons: dict[UUID, Lesson]
) -> tuple[dict[tuple[UUID, UUID], Current], dict[tuple[UUID, UUID], datetime]]:
    """(learner, lesson) → the text there is, and of those that an editor changed: when."""
    rows = PersonalizedLessonDescription.objects.filter(profile__in=profiles, lesson__in=lessons).values_list(
        "profile_id", "lesson_id", "fingerprint", "origin", "edited_at"
    )
    texts, locks = {}, {}
    for profile, lesson, fingerprint, origin, edited_at in rows:
        texts[profile, lesson] = Current(fingerprint, origin, edited_at is not None)
        if edited_at is not None:
            locks[profile, lesson] = edited_at
    return texts, locks
