"""What a format says about length, in the words that the page counts with while one types.

The script knows numbers only. Its sentences come from here, translated, in all plural forms it may need.
"""

import json
from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.formats.definition import Kind, Section

# A number of each plural category that Intl.PluralRules may name, in the languages that ship.
SAMPLES = {"one": 1, "few": 2, "many": 5, "other": 100}


def guidance(section: Section, label: str) -> str:
    """JSON for the field's `data-editor`: kind, label, the range to count against, words in an item."""
    said: dict[str, Any] = {"kind": section.kind.value, "label": label, "required": section.required}
    if section.kind is Kind.LIST and section.items:
        said["range"] = _range(section.items, _items)
    if section.kind is Kind.TEXT and section.sentences:
        said["range"] = _range(section.sentences, _sentences)
    if section.words:
        said["words"] = {"most": section.words, "fine": _plurals(_words), "over": _plurals(_over)}
        said["words"]["over"] = {
            form: text.replace("{most}", str(section.words)) for form, text in said["words"]["over"].items()
        }
    return json.dumps(said, ensure_ascii=False)


def interface_words() -> str:
    """JSON with what the script says besides: its buttons, and what it tells a screen reader."""
    words = {
        "item": _("{label}: item {number} of {count}"),
        "add": _("Add an item"),
        "up": _("Move up"),
        "down": _("Move down"),
        "remove": _("Remove"),
        "drag": _("Drag to move"),
        "of": _("{action}: item {number}"),
        "added": _("Item {number} added."),
        "removed": _("Item {number} removed."),
        "moved": _("Item moved to place {number} of {count}."),
        "undo": _("Put it back"),
        "restored": _("Item {number} is back."),
        "hint": _("Enter: next item. Shift+Enter: new line. Alt+↑ or Alt+↓: move."),
    }
    return json.dumps(words, ensure_ascii=False)


def _range(limits: tuple[int, int], words: Callable[[int], str]) -> dict[str, Any]:
    low, high = limits
    shown = str(low) if low == high else f"{low}–{high}"
    text = words(high).replace("{range}", shown)
    return {"low": low, "high": high, "text": text, "few": _("too few"), "many": _("too many")}


def _plurals(words: Callable[[int], str]) -> dict[str, str]:
    return {form: words(sample) for form, sample in SAMPLES.items()}


def _items(count: int) -> str:
    return ngettext("{count} of {range} item", "{count} of {range} items", count)


def _sentences(count: int) -> str:
    return ngettext("{count} of {range} sentence", "{count} of {range} sentences", count)


def _words(count: int) -> str:
    return ngettext("{count} word", "{count} words", count)


def _over(count: int) -> str:
    return ngettext("{count} word, at most {most} are good", "{count} words, at most {most} are good", count)
