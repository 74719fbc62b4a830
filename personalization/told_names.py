"""Names that a learner tells where a question asks for one: they may stand in other answers too."""

import re
from collections.abc import Collection, Iterator
from typing import Any

from personalization.contact_labels import QUESTION_KEYS, asks_name, is_name_key, questions

LONGEST_TOLD = 200  # characters of an answer that are looked at

_INTRODUCTION = (
    r"(?i:(?:меня\s+зовут|мо[её]\s+имя|зовите(?:\s+меня)?|можно|просто|я|это|my\s+name\s+is|call\s+me|i\s+am"
    r"|i['’]m|it['’]s|just)[\s,:–—-]+)"
)
# Up to four words with capitals, and nothing but signs or an age behind them where nothing introduces them.
_CAPITALS = r"(?P<{}>(?:[^\W\d_a-zа-яё][^\W\d_]++(?:['’-][^\W\d_]++)*+\s?){{1,4}}+)"
_TOLD = re.compile(
    rf"{_INTRODUCTION}{{1,3}}{_CAPITALS.format('introduced')}"
    rf"|{_CAPITALS.format('alone')}(?=[^\w\s]|\d|$|[^\W\d_]\.)"
)
# Answered to any question, or said beside a name.
_NO_NAMES = frozenset(
    ("нет", "да", "пока", "то", "же", "просто", "никак", "можно", "мама", "папа", "доктор", "как", "обычно")
    + ("no", "none", "yes", "not", "yet", "allow", "same", "just", "mom", "dad", "doctor")
)


def told(value: Any, asking: Collection[str] = ()) -> Iterator[str]:
    """All texts that answer a question for a name, at any depth.

    `asking`: keys of the outermost that ask for one; those that say so themselves are known.
    """
    if isinstance(value, dict):
        asked = any(map(asks_name, questions(value)))
        for key, item in value.items():
            if key in asking or is_name_key(key) or (asked and key not in QUESTION_KEYS):
                yield from _texts(item)
            else:
                yield from told(item)
    elif isinstance(value, list):
        for item in value:
            yield from told(item)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield value


def name_in(answer: str) -> str:
    """The name that the answer tells; an empty text where it tells none."""
    found = _TOLD.match(answer[:LONGEST_TOLD].strip())
    words = (found["introduced"] or found["alone"]).split() if found else []
    return " ".join(word for word in words if word.casefold() not in _NO_NAMES)
