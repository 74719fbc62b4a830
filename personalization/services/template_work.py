"""Items of lessons: their standard descriptions, and the files of these in a store.

A description is saved first, in the transaction that settles its call. Its item is then claimed once more,
finds it saved, and writes the file: whoever kills a worker between the two, by that loses neither.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from courses.course_folder.final_files import StoreBusy, StoreProblem
from courses.database import held_by_another
from courses.formats.lesson import LESSON
from courses.models import Lesson, LessonDescription
from personalization.brief import Brief, Recipe
from personalization.lesson_numbers import bare_title, without_number
from personalization.models import GenerationRun, ModelCall
from personalization.models.runs import Backend
from personalization.models.texts import Origin
from personalization.personal_prompt import LESSON_TEMPLATE, PersonalPrompt, shipped_prompt
from personalization.services.attempts import Claim, Job, Outcome
from personalization.services.beginning import begun
from personalization.services.mishaps import LONGEST_PAUSE, not_prepared
from personalization.services.paid import paid_answers
from personalization.services.run_prompts import BatchPrompts
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
    """What is read once for all its claims: whatever goes live meanwhile, one prompt writes them all.

    Where nothing is to be written but files, no prompt is read.
    """

    known: Mapping[UUID, _Description]
    paid: Mapping[tuple[int, str], ModelCall]
    said: Mapping[UUID, Material]
    prompts: BatchPrompts = field(default_factory=BatchPrompts)


def prepare_templates(claims: Sequence[Claim], sources: Sources) -> tuple[list[Job], list[Outcome]]:
    """What to write, and what is settled without a call: files of saved descriptions are written here."""
    runs = GenerationRun.objects.in_bulk({claim.run_id for claim in claims})
    lessons = sources.lessons({claim.lesson_id for claim in claims})
    paid = paid_answers([claim.id for claim in claims])
    said = transcripts(lessons.values(), model_of(Backend.OPENAI))
    batch = _Batch(_descriptions(lessons), paid, said)
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
    """None: the claim was lost meanwhile. Raises RunBlocked where the prompt cannot be used."""
    current, said = batch.known.get(lesson.pk, _Description()), batch.said[lesson.pk]
    replaces = replaceable(run, current.edited_at)
    if current.edited_at and not replaces:
        return Outcome(claim, "skipped", "locked", REASONS["locked"])
    if _was_written(claim, lesson, current, said):
        return _settled(claim, run, lesson, current)
    brief = template_brief(lesson, batch.prompts.of(run).lesson, said)
    if reason := brief.lacking:
        return Outcome(claim, "skipped", reason, REASONS[reason])
    job = _job(claim, run, brief, replaces, lesson.course_id)
    if _is_current(job, run, current):
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


def _job(claim: Claim, run: GenerationRun, brief: Brief, replaces: datetime | None, course: UUID) -> Job:
    recipe = template_recipe(brief.prompt)
    return Job(
        claim,
        brief,
        run.backend,
        recipe,
        brief.fingerprint(recipe),
        replaces,
        on_ledger=True,
        budgeted=run.budget_micro is not None,
        # Whether somebody looks at it first, the settlement knows: a pilot may be accepted meanwhile.
        ends="published" if store_of(claim, run, course) else "done",
    )


def _was_written(claim: Claim, lesson: Lesson, current: _Description, said: Material) -> bool:
    """Whether the run itself has written the description, from what the lesson says now: its file is left.

    What another run has written meanwhile is judged as any other description: by this run's own prompt.

    That is so whatever prompt is live by now, and whatever model the worker has: two versions that work side
    by side would pay each other's descriptions again.
    """
    if current.edited_at or current.fingerprint is None or not claim.published:
        return False
    brief = template_brief(lesson, shipped_prompt(LESSON_TEMPLATE), said)  # the recipe names what wrote it
    recipe = Recipe(Origin.OPENAI, current.model, current.prompt_version)
    return current.fingerprint == brief.fingerprint(recipe)


def _is_current(job: Job, run: GenerationRun, current: _Description) -> bool:
    """Whether the description is what would be written; unless all are written anew."""
    if current.edited_at or run.options.get("force"):
        return False
    return current.fingerprint == job.fingerprint


def _is_of(run: GenerationRun, current: _Description) -> bool:
    return bool(current.generated_at and current.generated_at >= run.created_at)


def _settled(claim: Claim, run: GenerationRun, lesson: Lesson, current: _Description) -> Outcome | None:
    """The end of an item whose description is saved; None where the claim was lost."""
    store = store_of(claim, run, lesson.course_id)
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
