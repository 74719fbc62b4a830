"""What keeps a writer's answer from being published. An answer is right as a whole, or it is not used."""

import re
from collections.abc import Iterator
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from courses.formats.definition import Document
from personalization.answers import EMAIL, NAME_PLACEHOLDER, PHONE
from personalization.brief import Brief
from personalization.errors import Transient

LONGEST_TEXT = 4_000  # characters in one section; the guidance asks for a tenth of it
SHORTEST_JUDGED = 40  # characters; the language of less cannot be told

_FORBIDDEN = {
    "markup": re.compile(r"</?[a-zA-Z!][^>]*>|```"),
    "link": re.compile(r"https?://|www\.|\]\(|\bjavascript:", re.IGNORECASE),
    "e-mail address": EMAIL,
    "phone number": PHONE,
    "template code": re.compile(r"\{\{|\}\}|\{%|%\}"),
    # NUL, other control characters, zero-width, bidi and tag characters, lone surrogates
    "hidden characters": re.compile(
        "[\x00-\x08\x0b-\x1f\x7f\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
    ),
}


def check_answer(document: object, brief: Brief) -> Document:
    """The answer, when it may be published; Transient (`invalid_answer`, `wrong_language`) when not.

    The message names sections and rules only, never the text: a text may carry the learner's words.
    """
    problems = brief.format.problems(document)
    if problems:
        raise _refused("; ".join(problems)[:500])
    if not isinstance(document, dict):
        raise _refused("an object is needed")
    for key, text in _texts(document):
        if len(text) > LONGEST_TEXT:
            raise _refused(f"{key}: {len(text):,} characters, at most {LONGEST_TEXT:,}")
        bare = text.replace(NAME_PLACEHOLDER, "")
        for what, pattern in _FORBIDDEN.items():
            if pattern.search(bare):
                raise _refused(f"{key}: holds {what}")
    _check_language(" ".join(text for _, text in _texts(document)), brief.language)
    return document


def _check_language(text: str, language: str) -> None:
    if len(text) < SHORTEST_JUDGED:
        return
    letters = [letter for letter in text if letter.isalpha()]
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in letters) / max(1, len(letters))
    # The script settles Russian against English; the identifier settles languages that share a script.
    wrong_script = cyrillic < 0.6 if language == "ru" else cyrillic > 0.4
    if wrong_script or _identifier().classify(text)[0] != language:
        raise _refused(f"the answer is not in the course's language ({language})", code="wrong_language")


def _refused(message: str, code: str = "invalid_answer") -> Transient:
    return Transient(code, message, reask=True)


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE)
    identifier.set_languages(["ru", "uk", "en", "de", "fr", "es", "it", "pt", "pl", "nl", "tr", "zh"])
    return identifier


def _texts(document: Document) -> Iterator[tuple[str, str]]:
    for key, value in document.items():
        for text in value if isinstance(value, list) else [value]:
            yield key, str(text)
