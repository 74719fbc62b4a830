"""Items of lessons: their standard descriptions, and the files of these in a store.

A description is saved first, in the transaction that settles its call. Its item is then claimed once more,
finds it saved, and writes the file: whoever kills a worker between the two, by that loses neither.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from courses.course_folder.final_files import StoreBusy, StoreProblem
from courses.database import held_by_another
from courses.formats.lesson import LESSON
from courses.models import Lesson, LessonDescription
from personalization.brief import Brief
from personalization.lesson_numbers import bare_title, without_number
from personalization.live_prompts import live_prompts
from personalization.models import GenerationRun, ModelCall
from personalization.models.runs import Backend
from personalization.personal_prompt import PersonalPrompt
from personalization.services.attempts import Claim, Job, Outcome
from personalization.services.beginning import begun
from personalization.services.mishaps import LONGEST_PAUSE, not_prepared
from personalization.services.paid import paid_answers
from personalization.services.sources import Material, Sources, transcripts
from personalization.services.template_files import store_of, write_file
from personalization.services.work import REASONS, paid_outcome, replaceable
from personalization.writers.registry import model_of, template_recipe

type _Prepared = Job | Outcome | None

HELD_SECONDS = 1.0  # until a file is tried again whose description somebody else has locked


@dataclass(frozen=True, slots=True)
class _Description:
    """What is known of the one that a lesson has. All None: a store's, an older system's."""

    fingerprint: str | None = None
    model: str = ""
    prompt_version: str = ""
    generated_at: datetime | None = None
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Batch:
    """What is read once for all its claims: whatever goes live meanwhile, one prompt writes them all."""

    known: Mapping[UUID, _Description]
    paid: Mapping[tuple[int, str], ModelCall]
    prompt: PersonalPrompt
    said: Mapping[UUID, Material]


def prepare_templates(claims: Sequence[Claim], sources: Sources) -> tuple[list[Job], list[Outcome]]:
    """What to write, and what is settled without a call: files of saved descriptions are written here."""
    runs = GenerationRun.objects.in_bulk({claim.run_id for claim in claims})
    lessons = sources.lessons({claim.lesson_id for claim in claims})
    paid = paid_answers([claim.id for claim in claims])
    said = transcripts(lessons.values(), model_of(Backend.OPENAI))
    batch = _Batch(_descriptions(lessons), paid, live_prompts().lesson, said)
    jobs: list[Job] = []
    outcomes: list[Outcome] = []
    for claim in claims:
        run, lesson = runs.get(claim.run_id), lessons.get(claim.lesson_id)
        if run is None or lesson is None:
            continue  # deleted since the claim, and its item with it
        prepared = _or_later(claim, partial(_prepared, claim, run, lesson, batch))
        if isinstance(prepared, Job):
            jobs.append(prepared)
        elif prepared:
            outcomes.append(prepared)
    jobs, others = begun(jobs)
    return jobs, outcomes + others


def _or_later(claim: Claim, prepare: Callable[[], _Prepared]) -> _Prepared:
    """What `prepare` says; an error of one item must not take the rest of the batch along."""
    try:
        return prepare()
    except InterfaceError:
        raise  # the connection: tried again as a whole
    except OperationalError as error:
        if not held_by_another(error):
            raise
        # An import that writes the course, mostly.
        return Outcome(claim, "retry", delay=HELD_SECONDS, give_back=True)
    except Exception as error:
        return not_prepared(claim, error)


def _prepared(claim: Claim, run: GenerationRun, lesson: Lesson, batch: _Batch) -> _Prepared:
    """None: the claim was lost meanwhile."""
    current = batch.known.get(lesson.pk, _Description())
    brief = template_brief(lesson, batch.prompt, batch.said[lesson.pk])
    job = _job(claim, run, brief, current, lesson.course_id)
    if reason := _reason_to_skip(job, current):
        return Outcome(claim, "skipped", reason, REASONS[reason])
    if _is_saved(job, run, current):
        return _settled(claim, run, lesson, current)
    return paid_outcome(job, batch.paid.get((claim.id, job.fingerprint))) or job


def template_brief(lesson: Lesson, prompt: PersonalPrompt, said: Material) -> Brief:
    """What goes into the lesson's standard description (its course must be loaded). `said`: transcripts."""
    return Brief(
        course_title=lesson.course.title,
        language=lesson.course.language,
        lesson_id=lesson.pk,
        lesson_title=bare_title(lesson.title, lesson.course.language),
        summary=without_number(lesson.summary or ""),
        name=None,
        answers={},
        answers_hash="",
        format=LESSON,
        prompt=prompt,
        **said.of_brief(),
    )


def _job(claim: Claim, run: GenerationRun, brief: Brief, current: _Description, course: UUID) -> Job:
    recipe = template_recipe(brief.prompt)
    return Job(
        claim,
        brief,
        run.backend,
        recipe,
        brief.fingerprint(recipe),
        replaceable(run, current.edited_at),
        on_ledger=True,
        ends="published" if store_of(run, course) else "done",
    )


def _reason_to_skip(job: Job, current: _Description) -> str | None:
    if current.edited_at and not job.replaces:
        return "locked"
    return job.brief.lacking


def _is_saved(job: Job, run: GenerationRun, current: _Description) -> bool:
    """Whether the description is what would be written: from before, unless all are to be written anew.

    What the run itself has written of the same lesson stays, also where the worker that writes the file has
    another prompt or model: two versions that work side by side would pay each other's descriptions again.
    """
    if current.edited_at or current.fingerprint is None:
        return False
    if _is_of(run, current):
        recipe = replace(job.recipe, model=current.model, prompt_version=current.prompt_version)
        return current.fingerprint == job.brief.fingerprint(recipe)
    return current.fingerprint == job.fingerprint and not run.options.get("force")


def _is_of(run: GenerationRun, current: _Description) -> bool:
    return bool(current.generated_at and current.generated_at >= run.created_at)


def _settled(claim: Claim, run: GenerationRun, lesson: Lesson, current: _Description) -> Outcome | None:
    """The end of an item whose description is saved; None where the claim was lost."""
    store = store_of(run, lesson.course_id)
    try:
        written = write_file(claim, store) if store else False
    except StoreProblem as problem:
        message = f"{problem}. The description itself is saved: put that right, then retry"
        if not isinstance(problem, StoreBusy):
            return Outcome(claim, "failed", "store_file", message)
        pause = min(LONGEST_PAUSE, settings.GENERATION_RETRY_SECONDS * 2.0**claim.attempts)
        return Outcome(claim, "retry", "store_file", message, delay=pause)
    if written is None:
        return None
    return Outcome(claim, "done" if written or _is_of(run, current) else "unchanged")


def _descriptions(lessons: Iterable[UUID]) -> dict[UUID, _Description]:
    rows = LessonDescription.objects.filter(lesson__in=list(lessons)).values_list(
        "lesson_id", "fingerprint", "model", "prompt_version", "generated_at", "edited_at"
    )
    return {row[0]: _Description(row[1], row[2], row[3], row[4], row[5]) for row in rows}
