"""A pilot's drafts in the terminal, for who decides without the admin."""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from django.core.management.base import CommandError
from rich.console import Console
from rich.text import Text

from courses.formats.definition import Document, Format
from courses.formats.lesson import LESSON
from courses.formats.shapes import personal_format
from courses.models import Lesson
from courses.rendering import rendered_sections
from personalization.delivery import standard_document
from personalization.learner_files.privacy import shown_identifier
from personalization.models import GenerationRun, Profile
from personalization.services.pilot import PilotItem, pilot_items


def print_pilot(console: Console, run: GenerationRun) -> None:
    """Each draft with what there is now; raises CommandError where there is none."""
    items = _drafts(run)
    profiles, lessons = _rows(items)
    for place, item in enumerate(items, start=1):
        lesson = lessons[item.lesson_id]
        learner = _identifier(item, profiles)
        who = "" if learner is None else f"{shown_identifier(learner, place)} · "
        console.rule(Text(f"{place}/{len(items)}  {who}{lesson}"), align="left")
        for label, document, fmt in _shown(item):
            console.print(Text(label, "bold").append("" if document else ": none yet", "not bold"))
            for line in _lines(document, fmt, lesson.course.language):
                console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(
        f"Accept: manage.py runs accept {run.pk}\nThrow away: manage.py runs cancel {run.pk}",
        highlight=False,
        soft_wrap=True,
    )


def pilot_as_json(run: GenerationRun) -> dict[str, Any]:
    items = _drafts(run)
    profiles, lessons = _rows(items)
    return {
        "run": str(run.pk),
        "pilot": run.pilot,
        "texts": [
            {
                "item": item.item_id,
                "learner": _identifier(item, profiles),
                "lesson": lessons[item.lesson_id].lesson_number,
                "standard": item.standard,
                "now": item.old if item.profile_id else item.standard,
                "draft": item.answer,
            }
            for item in items
        ],
    }


def _drafts(run: GenerationRun) -> Sequence[PilotItem]:
    items = pilot_items(run.pk)
    if not items:
        raise CommandError(f"Run {run.pk} has no draft to look at.")
    return items


def _rows(items: Sequence[PilotItem]) -> tuple[dict[UUID, Profile], dict[UUID, Lesson]]:
    lessons = Lesson.objects.select_related("course").in_bulk({item.lesson_id for item in items})
    return Profile.objects.in_bulk({item.profile_id for item in items if item.profile_id}), lessons


def _identifier(item: PilotItem, profiles: dict[UUID, Profile]) -> str | None:
    """Of the learner; None: the draft is a lesson's description."""
    return profiles[item.profile_id].user_identifier if item.profile_id else None


def _shown(item: PilotItem) -> Iterator[tuple[str, Document, Format]]:
    """(label, text, its format) of what is looked at; {}: there is none."""
    standard = standard_document(item.standard)
    if item.profile_id is None:
        yield "now", standard, LESSON
        yield "draft", item.answer, LESSON
        return
    yield "standard", standard, LESSON
    for label, document in (("now", item.old), ("draft", item.answer)):
        personal = document if isinstance(document, dict) else {}
        yield label, personal, personal_format(personal)


def _lines(document: Document, fmt: Format, language: str) -> list[str]:
    lines = []
    for section in rendered_sections(document, fmt, language):
        value = section.value
        texts = [f"- {text}" for text in value] if isinstance(value, list) else [str(value)]
        lines += [f"{section.heading}", *(f"  {text}" for text in texts)]
    return lines
