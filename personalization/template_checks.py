"""Whether a lesson's standard description says only what the lesson says, as far as a program can tell.

Two things are looked for, by words: a number that nobody says in the lesson, and an item of an optional
section (safety notes, equipment) most of whose words are not said there. Both are what a model likes to add
from what it knows. It is no proof of the rest: whoever edits the description reads it.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import takewhile

import snowballstemmer

from courses.formats.definition import Document, Section
from personalization.brief import Brief

ENOUGH = 0.5  # of an item's words: less is another matter than what the lesson says
SHORTEST_WORD = 4  # letters; shorter ones are in every text
MOST_TOLD = 3  # of each kind

_WORD = re.compile(r"[^\W\d_]+")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_COUNTED = re.compile(r"^\s*\d{1,2}[.)]\s+")  # a list item's own number
_SENTENCE_END = re.compile(r"[.!?…;\n]+")
# The beginnings of what a speaker says for a number, by language.
_SPOKEN = {
    "ru": "од(?:ин|н)|перв два|две|двух|двум|двумя|втор|пар|обе тр[еи] чет(?:ыр|вер)|четв пят шест сем|седьм "
    "вос(?:ем|ьм) девят десят одиннадцат двенадцат тринадцат четырнадцат пятнадцат шестнадцат семнадцат "
    "восемнадцат девятнадцат двадцат",
    "en": "one|first|once two|second|twice|both|pair|couple three|third four five|fifth six seven eight "
    "nine|ninth ten eleven twel(?:ve|f) thirteen fourteen fifteen sixteen seventeen eighteen nineteen twent",
}
_TENS = {
    "ru": "двадцат тридцат сорок пят(?:ьдесят|идесят) шест(?:ьдесят|идесят) сем(?:ьдесят|идесят) "
    "вос(?:емьдесят|ьмидесят) девян",
    "en": "twent thirt fort fift sixt sevent eight ninet",
}
_HUNDRED = {"ru": r"сто\b|ста\b|сот|двести", "en": "hundred"}
_HALF = {"ru": "полтор|половин|полчас|полминут", "en": "half"}


def support_problems(document: Document, brief: Brief) -> list[str]:
    """What of the answer is not said in the lesson: sections and rules, and none of the lesson's words."""
    return [*_invented_numbers(document, brief), *_without_support(document, brief)]


def without_empty(document: Document) -> Document:
    """The description without the optional sections that were answered with nothing."""
    return {key: value for key, value in document.items() if value and str(value).strip()}


def _invented_numbers(document: Document, brief: Brief) -> Iterator[str]:
    source = _plain(" ".join([brief.lesson_title, brief.summary, brief.transcript]))
    known = set(_numbers(source))
    for section in brief.format.written:
        value = document.get(section.key) or ""
        texts = value if isinstance(value, list) else [value]
        said = dict.fromkeys(number for text in texts for number in _numbers(_COUNTED.sub("", text)))
        if new := [n for n in said if n not in known and not _spoken(n, source, brief.language)]:
            yield f"{section.key}: the lesson does not say the number {', '.join(new[:MOST_TOLD])}"


def _without_support(document: Document, brief: Brief) -> Iterator[str]:
    source = _plain(brief.transcript)
    for section in brief.format.written:
        if section.required:
            continue
        bare = [
            place
            for place, part in enumerate(_parts(document, section), start=1)
            if not _is_supported(part, source)
        ]
        if bare:
            places = ", ".join(map(str, bare[:MOST_TOLD]))
            yield f"{section.key}: part {places} is not said in the lesson, leave it out or use its words"


def _parts(document: Document, section: Section) -> list[str]:
    """A list's items, a text's sentences."""
    value = document.get(section.key) or ""
    parts = value if isinstance(value, list) else _SENTENCE_END.split(value)
    return [part for part in parts if part.strip()]


def _is_supported(part: str, source: str) -> bool:
    words = {word for word in _WORD.findall(_plain(part)) if len(word) >= SHORTEST_WORD}
    return not words or sum(_is_said(_root(word), source) for word in words) >= ENOUGH * len(words)


def _is_said(root: str, source: str) -> bool:
    return re.search(rf"\b{re.escape(root)}", source) is not None


def _root(word: str) -> str:
    """What the forms of a word begin with. A stemmer may change its last letter: happy, happi."""
    stem = _stemmer("english" if word.isascii() else "russian").stemWord(word)
    alike = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(word, stem, strict=False)))
    return word[:alike] or word


def _plain(text: str) -> str:
    return text.lower().replace("ё", "е")


def _numbers(text: str) -> Iterable[str]:
    return (found.replace(",", ".") for found in _NUMBER.findall(text))


def _spoken(number: str, source: str, language: str) -> bool:
    """Whether a number is said in words: its parts, wherever they stand."""
    whole, _, rest = number.partition(".")
    if rest:
        return rest == "5" and bool(re.search(rf"\b(?:{_HALF[language]})", source))
    value = int(whole)
    if value >= 1000 or not value:
        return False
    hundreds, below = divmod(value, 100)
    wanted = [*([_HUNDRED[language]] if hundreds else []), *_words_below_hundred(below, language)]
    return all(re.search(rf"\b(?:{word})", source) for word in wanted)


def _words_below_hundred(value: int, language: str) -> list[str]:
    ones, tens = _SPOKEN[language].split(), _TENS[language].split()
    if value <= len(ones):
        return [ones[value - 1]] if value else []
    return [tens[value // 10 - 2], *([ones[value % 10 - 1]] if value % 10 else [])]


@cache
def _stemmer(language: str) -> snowballstemmer.RussianStemmer:
    return snowballstemmer.stemmer(language)
