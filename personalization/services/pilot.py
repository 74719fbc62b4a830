"""A run's pilot: a few texts, written first and published only after a person has looked at them."""

from dataclasses import dataclass
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from courses.formats.definition import Document
from courses.models import LessonDescription
from personalization.errors import PlanRefused
from personalization.live_prompts import live_content
from personalization.models import GenerationItem, GenerationRun, ItemState, Pilot, PromptVersion, RunState
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services.paid import paid_answers
from personalization.services.run_prompts import TRIED
from personalization.services.runs import cancel_run, notify

HELD_FOR_A_LOOK = {"state": ItemState.HELD, "error_code": "pilot"}
_GO_ON = """
    UPDATE generation_items SET state = 'queued', available_at = clock_timestamp(), error_code = '',
        attempts = 0
    WHERE run_id = %s AND state = 'held' AND error_code = 'pilot'
"""


def tried_draft(run: GenerationRun) -> PromptVersion | None:
    """The version of a prompt that the run tries, where it is not the live one."""
    version = PromptVersion.objects.filter(pk=run.options.get(TRIED)).first()
    if version is None or live_content(version.key) == version.content:
        return None
    return version


@dataclass(frozen=True, slots=True)
class Accepted:
    """So many drafts are published; 0: nothing of the pilot was written, all of the run goes on unseen."""

    drafts: int


@dataclass(frozen=True, slots=True)
class PilotItem:
    """A draft beside what it would replace. `old` None: the learner has no text for the lesson yet;
    `standard` None: the lesson has no standard description. Without a learner the draft is of that."""

    item_id: int
    profile_id: UUID | None
    lesson_id: UUID
    answer: Document
    old: Document | None
    standard: Document | None


def pilot_items(run_id: UUID) -> list[PilotItem]:
    """The drafts that wait for a look, lesson by lesson."""
    held = GenerationItem.objects.filter(run=run_id, **HELD_FOR_A_LOOK)
    items = {item.pk: item for item in held.order_by("lesson__lesson_number", "pk")}
    drafts = {item_id: call.answer for (item_id, _), call in paid_answers(items).items() if call.answer}
    lessons = {item.lesson_id for item in items.values()}
    profiles = {item.profile_id for item in items.values() if item.profile_id}
    texts = Text.objects.filter(profile__in=profiles, lesson__in=lessons)
    old = {
        (text.profile_id, text.lesson_id): text.content for text in texts.only("profile", "lesson", "content")
    }
    standard = dict(LessonDescription.objects.filter(lesson__in=lessons).values_list("lesson_id", "data"))
    return [
        PilotItem(
            pk,
            item.profile_id,
            item.lesson_id,
            drafts[pk],
            old.get((item.profile_id, item.lesson_id)) if item.profile_id else None,
            standard.get(item.lesson_id),
        )
        for pk, item in items.items()
        if pk in drafts
    ]


def throw_away_pilot(run: GenerationRun) -> bool:
    """Whether the run had a pilot to decide on, and is cancelled. One that somebody else has accepted in the
    same moment goes on: its texts are published already."""
    return cancel_run(run, [Pilot.WRITING, Pilot.WAITING])


def nothing_to_look_at(run: GenerationRun) -> bool:
    """Whether the run has a pilot to decide on, and no draft of it is written."""
    undecided = _undecided(run).exists()
    return undecided and not GenerationItem.objects.filter(run=run, **HELD_FOR_A_LOOK).exists()


def accept_pilot(run: GenerationRun) -> Accepted | None:
    """The run now goes on: its drafts are published as they are, the others follow. None: it had no pilot to
    decide on. A paused one stays paused, and publishes nothing before it is resumed.

    Also while the last of the pilot is being written: whoever has seen enough need not wait for it. Raises
    PlanRefused where the pilot tries a prompt that is not live: its texts would be stale at once.
    """
    if tried := tried_draft(run):
        said = _("These drafts try {version}, which is not live. Make it live first.")
        raise PlanRefused(said.format(version=tried))
    with transaction.atomic():
        if not _undecided(run).update(pilot=Pilot.ACCEPTED):
            return None
        with connection.cursor() as cursor:
            cursor.execute(_GO_ON, [run.pk])
            drafts = cursor.rowcount
        notify()
    return Accepted(drafts)


def _undecided(run: GenerationRun) -> QuerySet[GenerationRun]:
    return GenerationRun.objects.filter(
        pk=run.pk,
        pilot__in=[Pilot.WRITING, Pilot.WAITING],
        state__in=[RunState.OPEN, RunState.PAUSED],
    )
