"""What keeps a writer's answer from being published. An answer is right as a whole, or it is not used."""

import re
from collections.abc import Iterator
from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

from courses.formats.definition import Document, Format
from courses.formats.shapes import lesson_document
from personalization.answers import EMAIL, NAME_PLACEHOLDER
from personalization.brief import Brief
from personalization.errors import Transient
from personalization.greetings import addressed, forms_of_address
from personalization.phones import LONG_NUMBER, PHONE
from personalization.template_checks import support_problems, without_empty

LONGEST_TEXT = 4_000  # characters in one section; the guidance asks for a tenth of it
SHORTEST_JUDGED = 40  # characters; the language of less cannot be told
JUDGED = 100  # characters of each text

# Letters that no Russian word has: a Ukrainian, Belarusian, Serbian or Kazakh text of some length has them.
_NOT_RUSSIAN = re.compile("[іїєґўђјљњћџқңғүұһәөІЇЄҐЎЂЈЉЊЋЏҚҢҒҮҰҺӘӨ]")
# First bytes of letters in UTF-8: 0xD0 to 0xD3 are U+0400 to U+04FF, 0x80 to 0xBF are never first.
_NO_CYRILLIC = bytes(byte for byte in range(256) if not 0xD0 <= byte <= 0xD3)
_NO_LETTERS = bytes(byte for byte in range(0xC0) if byte >= 0x80 or not chr(byte).isalpha())

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

# What a lesson's description may not hold besides: it is plain text, and an import takes some of it off.
_MARKDOWN = re.compile(
    r"\*\*|__|`|(?<![\w*])\*[^\s*][^*\n]*\*(?![\w*])|(?<!\w)_[^\s_][^_\n]*_(?!\w)|~~"
    r"|^[ \t]*(?:#{1,6}[ \t]|[-*+•>][ \t]|[-*_]{3,}[ \t]*$|\|.*\|)",
    re.MULTILINE,
)

# Without one of these, case folded, or as many signs of a number, only hidden characters can be forbidden.
_SIGNS = ("<", "```", "://", "www.", "](", "javascript:", "@", "{{", "}}", "{%", "%}")


def check_answer(document: object, brief: Brief) -> Document:
    """The answer, when it may be published; Transient (`invalid_answer`, `wrong_language`) when not.

    The message names sections and rules only, never the text: a text may carry the learner's words.
    """
    problems = brief.format.problems(document)
    if problems:
        raise _refused("; ".join(problems)[:500])
    if not isinstance(document, dict):
        raise _refused("an object is needed")
    texts = list(_texts(document))
    if _suspicious("\n".join(text for _, text in texts).replace(NAME_PLACEHOLDER, "")):
        _look_closer(texts)
    _check_greeting(texts, brief)
    _check_language([text for _, text in texts], brief.language)
    if not brief.is_template:
        return document
    marked = dict.fromkeys(key for key, text in texts if _MARKDOWN.search(text))
    problems = [*(f"{key}: holds Markdown" for key in marked), *support_problems(document, brief)]
    if problems:
        raise _refused("; ".join(problems)[:500])
    return lesson_document(without_empty(document))


def check_condensed(document: object, fmt: Format, language: str) -> Document:
    """One part of a source, condensed, when it can be written from; errors as above.

    It may say what the source says, an address too: texts that are written from it are checked themselves.
    """
    problems = fmt.problems(document)
    if problems or not isinstance(document, dict):
        raise _refused("; ".join(problems)[:500] or "an object is needed")
    texts = list(_texts(document))
    for key, text in texts:
        if _FORBIDDEN["hidden characters"].search(text):
            raise _refused(f"{key}: holds hidden characters")
    _check_language([text for _, text in texts], language)
    return document


def _suspicious(whole: str) -> bool:
    """False for nearly all answers, in a tenth of the patterns' time. It lets nothing wrong by."""
    folded = whole.casefold()
    return (
        len(whole) > LONGEST_TEXT
        or any(sign in folded for sign in _SIGNS)
        or bool(LONG_NUMBER.search(whole) or _FORBIDDEN["hidden characters"].search(whole))
    )


def _look_closer(texts: list[tuple[str, str]]) -> None:
    for key, text in texts:
        if len(text) > LONGEST_TEXT:
            raise _refused(f"{key}: {len(text):,} characters, at most {LONGEST_TEXT:,}")
        bare = text.replace(NAME_PLACEHOLDER, "")
        for what, pattern in _FORBIDDEN.items():
            if pattern.search(bare):
                raise _refused(f"{key}: holds {what}")


def _check_greeting(texts: list[tuple[str, str]], brief: Brief) -> None:
    """A name in the placeholder's place is made up. Elsewhere it may be one of the lesson's people."""
    if not brief.addresses or any(NAME_PLACEHOLDER in text for _, text in texts):
        return
    for key, text in texts:
        name = addressed(text)
        if (
            name in brief.addresses
            and name not in forms_of_address([brief.name])
            and not _tells_of(brief, name)
        ):
            raise _refused(f"{key}: addresses somebody by a name; only {NAME_PLACEHOLDER} may stand there")


def _tells_of(brief: Brief, name: str) -> bool:
    """Whether the lesson itself knows somebody of this name, of whom its texts may tell."""
    source = f"{brief.lesson_title} {brief.summary} {brief.transcript}"
    return name in source.casefold().replace("ё", "е")


def _check_language(texts: list[str], language: str) -> None:
    whole = " ".join(texts)
    if len(whole) < SHORTEST_JUDGED:
        return
    cyrillic = _cyrillic_share(whole)
    if language == "ru" and cyrillic > 0.9 and not _NOT_RUSSIAN.search(whole):
        return
    # The script settles Russian against English; the identifier settles languages that share a script.
    wrong_script = cyrillic < 0.6 if language == "ru" else cyrillic > 0.4
    # It reads byte by byte: the beginning of each text tells as much as all of it.
    if wrong_script or _identifier().classify(" ".join(text[:JUDGED] for text in texts))[0] != language:
        raise _refused(f"the answer is not in the course's language ({language})", code="wrong_language")


def _cyrillic_share(text: str) -> float:
    """Of the letters; what is no letter and not ASCII counts as one, which changes little."""
    data = text.encode(errors="replace")
    return len(data.translate(None, _NO_CYRILLIC)) / max(1, len(data.translate(None, _NO_LETTERS)))


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
