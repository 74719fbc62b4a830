"""What strikes a reader of a pilot's drafts, found before they read: hints, never a reason to refuse."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.utils.translation import gettext as _

from courses.admin.schema_form import heading
from courses.formats.definition import Document
from courses.formats.shapes import personal_format
from courses.rendering import humanised
from personalization.answers import usable_name

FEWEST_WORDS = 6  # of a section that two learners have word for word; shorter ones may be a coincidence
MUCH_SHORTER = 0.5  # of the words that the learner's text has now


def word_count(value: Any) -> int:
    """Of all texts in a document, whatever their nesting."""
    return sum(len(text.split()) for text in _texts(value))


def marks(draft: Document, old: Any, name: str | None, others: Sequence[tuple[str, Document]]) -> list[str]:
    """One line for each thing to look at. `others`: identifier and draft of the lesson's other learners."""
    return [*_against_old(draft, old), *_without_name(draft, name), *_shared(draft, others)]


def description_marks(draft: Document, now: Any) -> list[str]:
    """The same for a lesson's standard description, beside today's."""
    if not now:
        return []
    if draft == now:
        return [_("The draft is word for word the description of today.")]
    if word_count(draft) < MUCH_SHORTER * word_count(now):
        return [_("The draft is much shorter than the description of today.")]
    return []


def _against_old(draft: Document, old: Any) -> Iterator[str]:
    if not old:
        return
    if draft == old:
        yield _("The draft is word for word the text that the learner has now.")
    elif word_count(draft) < MUCH_SHORTER * word_count(old):
        yield _("The draft is much shorter than the text that the learner has now.")


def _without_name(draft: Document, name: str | None) -> Iterator[str]:
    usable = usable_name(name)
    if usable and not any(usable.split()[0].casefold() in text.casefold() for text in _texts(draft)):
        yield _("The learner's name is not in it.")


def _shared(draft: Document, others: Sequence[tuple[str, Document]]) -> Iterator[str]:
    """A section that another learner gets too was not written for this one."""
    for key, value in draft.items():
        same = [identifier for identifier, other in others if other.get(key) == value]
        if same and word_count(value) >= FEWEST_WORDS:
            text = _("“{section}” is word for word that of {learners}.")
            yield text.format(section=_heading(key, draft), learners=", ".join(same))


def _heading(key: str, draft: Document) -> str:
    section = personal_format(draft).section(key)
    return heading(section) if section else humanised(key)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value
