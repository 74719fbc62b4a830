"""Whom a text addresses: the name that it begins with."""

import re
from collections.abc import Iterable

from personalization.answers import usable_name
from personalization.name_forms import name_words

_WORDS = (
    r"здравствуй(?:те)?|привет(?:ствую)?|добрый\s(?:день|вечер)|доброе\sутро|дорог(?:ая|ой)|уважаем(?:ая|ый)"
    r"|hello|hi|hey|dear|good\s(?:morning|day|afternoon|evening)"
)
_ADDRESSED = re.compile(
    rf"\W*+(?:(?:{_WORDS})[,!]?\s+){{0,2}}+(?P<name>[^\W\d_][\w'’-]*+(?:\s[^\W\d_][\w'’-]*+){{0,2}})[»”\"]?\s?[,!]",
    re.IGNORECASE,
)


def addressed(text: str) -> str:
    """In small letters, with е for ё; an empty text where none stands there. It may be any word or two."""
    found = _ADDRESSED.match(text)
    return _folded(found["name"]) if found and found["name"][0].isupper() else ""


def forms_of_address(names: Iterable[str | None]) -> frozenset[str]:
    """Each usable name as it is, and by its first word, as `addressed` would find them."""
    usable = [name for name in map(usable_name, names) if name]
    first = (words[0] for name in usable if (words := name_words(name)))
    return frozenset(map(_folded, (*usable, *first)))


def _folded(name: str) -> str:
    return " ".join(name.casefold().replace("ё", "е").split())
