"""From claims to outcomes: what there is to write, and what an attempt's end means for the queue."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import InterfaceError, OperationalError

from courses.formats.definition import Document
from courses.formats.shapes import chosen_format
from courses.models import Lesson
from personalization.answers import bounded, cleaned_answers, usable_name
from personalization.brief import Brief, Current, reason_to_skip
from personalization.errors import Permanent, RunBlocked, Transient, Unsent, WriterError
from personalization.lesson_numbers import bare_title, without_number
from personalization.live_prompts import LivePrompts, live_prompts
from personalization.models import GenerationRun, ModelCall, PersonalizedLessonDescription, Pilot, Profile
from personalization.models.runs import Backend
from personalization.models.texts import WrittenFrom
from personalization.services.attempts import LOCKED, Again, CallResult, Claim, Job, Outcome, Text
from personalization.services.beginning import begun
from personalization.services.charges import failed_call, good_call
from personalization.services.clusters import UNREFINED, clusters_for, stored_cluster
from personalization.services.course_parts import CourseParts, course_parts
from personalization.services.mishaps import LONGEST_PAUSE, not_prepared
from personalization.services.paid import paid_answers
from personalization.services.refinements import log_refinements, refinement
from personalization.services.run_prompts import BatchPrompts
from personalization.services.sources import Material, Sources, material_of, materials
from personalization.supervisor import guidance
from personalization.supervisor.guidance import KEY_PREFIX
from personalization.writers.base import Draft
from personalization.writers.registry import current_recipe, model_of

REASONS = {
    "locked": LOCKED,
    "no_survey": "the learner has answered nothing",
    "no_source": "the lesson has no transcript, or one of a few words",
    "no_template": "the lesson has no standard description, or one of a few words",
    "better_text": "the simple writer replaces only texts of its own",
}


def prepare(claims: Sequence[Claim], sources: Sources | None = None) -> tuple[list[Job], list[Outcome]]:
    """What to write of learners' items, and what is settled without a call; inputs are read after the claim.

    `sources`: the lessons that the caller keeps from one batch to the next.
    """
    runs, sources = GenerationRun.objects.in_bulk({claim.run_id for claim in claims}), sources or Sources()
    lessons = sources.lessons({claim.lesson_id for claim in claims})
    courses = {lesson.course_id for lesson in lessons.values()}
    parts, addresses = sources.parts(courses), sources.addresses(courses)
    read = Profile.objects.only("name", "survey", "user_identifier", "answers_hash")
    profiles = read.in_bulk({claim.learner_id for claim in claims})
    texts, locks = _current_texts(profiles, lessons)
    paid = paid_answers([claim.id for claim in claims])
    clusters, prompts = clusters_for(profiles.values()), BatchPrompts()
    said = {of: materials(lessons.values(), model_of(of)) for of in {run.backend for run in runs.values()}}
    jobs, outcomes = list[Job](), list[Outcome]()
    for claim in claims:
        run, lesson = runs.get(claim.run_id), lessons.get(claim.lesson_id)
        profile = profiles.get(claim.learner_id)
        if run is None or profile is None or lesson is None:
            continue  # deleted since the claim, and its item with it
        try:
            cluster, pair = clusters.get(profile.pk, UNREFINED), (profile.pk, lesson.pk)
            of_course, material = parts.get(lesson.course_id), said[run.backend][lesson.pk]
            names = addresses[lesson.course_id]
            brief = make_brief(profile, lesson, cluster, of_course, prompts.of(run), material, names)
            job = make_job(claim, run, brief, replaceable(run, locks.get(pair)))
            answer = paid.get((claim.id, job.fingerprint))
            begins = _decided(job, run, texts.get(pair)) or paid_outcome(job, answer) or job
        except (InterfaceError, OperationalError):
            raise  # the connection's, and not the item's
        except Exception as error:
            begins = not_prepared(claim, error)
        if isinstance(begins, Job):
            jobs.append(begins)
        else:
            outcomes.append(begins)
    jobs, others = begun(jobs)
    _log_refinements(jobs)
    return jobs, outcomes + others


def make_job(claim: Claim, run: GenerationRun, brief: Brief, replaces: datetime | None = None) -> Job:
    recipe = current_recipe(run.backend, brief.prompt)
    return Job(
        claim,
        brief,
        run.backend,
        recipe,
        brief.fingerprint(recipe),
        replaces,
        # The simple writer's answers cost nothing, and are kept only for whoever looks at a pilot.
        on_ledger=run.backend != Backend.SIMPLE or is_looked_at(run),
    )


def is_looked_at(run: GenerationRun) -> bool:
    """Whether what is written now is a pilot's, and seen before it is published."""
    return run.pilot in (Pilot.WRITING, Pilot.WAITING)


def _log_refinements(jobs: Sequence[Job]) -> None:
    """Once for each text: not again where an attempt failed. The simple writer has no prompt to refine."""
    first = (job for job in jobs if job.backend != Backend.SIMPLE and job.claim.attempts <= 1)
    refined = (refinement(profile=j.claim.learner_id, run=j.claim.run_id, brief=j.brief) for j in first)
    log_refinements([row for row in refined if row])


def replaceable(run: GenerationRun, edited_at: datetime | None) -> datetime | None:
    """The lock, where the run may replace it: one that stood when the run was started.

    A run may take hours. Who edits a text meanwhile was not asked, and keeps their words.
    """
    wanted = bool(run.options.get("replace_locked")) and edited_at is not None
    return edited_at if wanted and edited_at and edited_at <= run.created_at else None


def _decided(job: Job, run: GenerationRun, current: Current | None) -> Outcome | None:
    """The end of an item that needs no writer; None: write."""
    reason = reason_to_skip(
        job.brief,
        current,
        job.recipe,
        force=bool(run.options.get("force")),
        replace_locked=job.replaces is not None,
    )
    if reason is None:
        return None
    if reason == "unchanged":
        return Outcome(job.claim, "unchanged")
    return Outcome(job.claim, "skipped", reason, REASONS[reason])


def paid_outcome(job: Job, call: ModelCall | None) -> Outcome | None:
    """An earlier attempt's answer to the same inputs, which was paid for and not published."""
    return _ended(job, call.answer) if call and call.answer else None


def make_brief(
    profile: Profile,
    lesson: Lesson,
    cluster: str | None = None,
    parts: CourseParts | None = None,
    prompts: LivePrompts | None = None,
    material: Material | None = None,
    addresses: frozenset[str] = frozenset(),
) -> Brief:
    """Everything that goes into the learner's text for the lesson (whose course must be loaded).

    `cluster`: None, the one that is stored, by a query; UNREFINED, none. `parts`: None, by a query too.
    `prompts`: None, the live ones. `material`: None, what the model of today would read.
    `addresses`: names of others.
    """
    name, language = usable_name(profile.name), lesson.course.language
    parts = parts or course_parts([lesson.course_id])[lesson.course_id]
    cluster = stored_cluster(profile.pk) if cluster is None else cluster
    prompts = prompts or live_prompts()
    wish = guidance(cluster, language, prompts.guidance)
    return Brief(
        course_title=lesson.course.title,
        language=language,
        lesson_id=lesson.pk,
        lesson_title=bare_title(lesson.title, language),
        summary=without_number(lesson.summary or ""),
        name=name,
        answers=_sent_answers(profile, name, parts, language),
        answers_hash=profile.answers_hash,
        format=chosen_format(lesson.course.personal_format),
        cluster_type=cluster,
        guidance=wish,
        guidance_version=prompts.clusters.get(f"{KEY_PREFIX}{cluster}", "") if wish else "",
        prompt=prompts.personal,
        voice=parts.voice,
        questions=parts.survey.labels(language),
        survey_tag=parts.survey_tag,
        addresses=addresses,
        **(material or material_of(lesson, model_of(Backend.OPENAI))).of_brief(),
    )


def _sent_answers(profile: Profile, name: str | None, parts: CourseParts, language: str) -> dict[str, Any]:
    # Codes become words first: what a label says may not leave either, if it is the learner's name.
    said = parts.survey.in_words(profile.survey, language) if isinstance(profile.survey, dict) else None
    contacts, names = parts.survey.contact_keys, parts.survey.name_keys
    return bounded(cleaned_answers(said, name, profile.user_identifier, contacts, names))


def _text(job: Job, content: Document) -> Text:
    of_cluster = job.brief.guidance_version if job.backend != Backend.SIMPLE else ""
    return Text(
        content=content,
        origin=job.recipe.origin,
        model=job.recipe.model,
        prompt_version=" ".join(filter(None, (job.recipe.prompt_version, of_cluster))),
        fingerprint=job.fingerprint,
        replaces=job.replaces.isoformat() if job.replaces else None,
        written_from="" if job.backend == Backend.SIMPLE else written_from(job.brief),
    )


def written_from(brief: Brief) -> WrittenFrom:
    if brief.said is None:
        return WrittenFrom.CONDENSED if brief.condensed_tag else WrittenFrom.TRANSCRIPT
    return WrittenFrom.CONDENSED_TEMPLATE if brief.condensed_tag else WrittenFrom.TEMPLATE


def written(job: Job, draft: Draft) -> Outcome:
    return _ended(job, draft.content, good_call(job, draft))


def _ended(job: Job, content: Document, call: CallResult | None = None) -> Outcome:
    # The claim that writes the file is part of the same attempt.
    more = job.ends == "published"
    return Outcome(job.claim, job.ends, give_back=more, text=_text(job, content), call=call)


def failed(job: Job, error: WriterError, *, base_pause: float) -> Outcome:
    """Transient: later, after a growing pause with jitter. Blocked, or unsent: at once, uncounted.

    A lesson's description whose answer is bad twice is reported, not tried again: an editor looks at it.
    """
    claim, call = job.claim, failed_call(job, error)
    hopeless = job.brief.is_template and isinstance(error, Transient) and error.reask
    if hopeless or isinstance(error, Permanent):
        return Outcome(claim, "failed", error.code, error.message, call=call)
    if isinstance(error, RunBlocked):
        return Outcome(claim, "retry", error.code, error.message, give_back=True, blocks=True, call=call)
    if isinstance(error, Unsent):
        return Outcome(claim, "retry", error.code, error.message, give_back=True, call=call)
    return Outcome(claim, "retry", error.code, error.message, _pause(claim, error, base_pause), call=call)


def _pause(claim: Claim, error: WriterError, base: float) -> float:
    """Seconds until the next attempt. What the provider asked for is kept, and the least that a pause has
    grown to: all pauses of an item together outlast a minute in which the endpoint refuses everybody."""
    longest = min(LONGEST_PAUSE, base * 2.0**claim.attempts)
    # The jitter keeps all items from coming back at once.
    pause = random.uniform(longest / 2, longest)
    asked = error.retry_after if isinstance(error, Transient) else None
    return pause if asked is None else max(pause, asked + random.uniform(0, 1))


def asked_again(job: Job, error: WriterError) -> Again | None:
    """A bad answer is asked for once more within the attempt, with what was wrong; None: it was already."""
    call = failed_call(job, error)
    if not isinstance(error, Transient) or not error.reask or job.complaint or not call:
        return None
    return Again(replace(job, call_no=job.call_no + 1, complaint=error.message), call)


def given_back(job: Job, call: CallResult | None = None) -> Outcome:
    """An attempt that a worker lets go of: it stops, or the item is no longer its own."""
    return replace(let_go(job.claim), call=call)


def let_go(claim: Claim) -> Outcome:
    """The same before there is a job."""
    return Outcome(claim, "retry", "stopped", "the worker was stopped", give_back=True)


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
