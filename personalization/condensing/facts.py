"""What a condensed text must not lose: numbers with what they count, durations, notes on safety.

A program can find these, and a model that condenses likes to lose them. What is missing is appended in the
source's own words. Better a sentence twice than a warning less.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from personalization.condensing.division import divided

LONGEST_QUOTE = 300  # characters; a speaker's sentence may go on for pages
ROOT = 4  # letters by which two forms of a unit are the same: минут, минуты; seconds, second
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
# 15, 1,5, 2-3, 10:30; each with the word behind it, if one follows.
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:]\d+)*(?:\s?[–—-]\s?\d+(?:[.,:]\d+)*)?")
_UNIT = re.compile(r"[\s\u00a0-]*(%|°\w?|[^\W\d_]+)")
_WORDS = re.compile(r"[^\W_]+")
_SPOKEN = (
    "ноль один одн[аоуи] одну двух? две двум двумя тр[её]х тр[её]м три четыр\\w* пят[ьи] "
    "шест[ьи] сем[ьи] восе?м[ьи] девят[ьи] десят[ьи] \\w+надцат[ьи] двадцат[ьи] тридцат[ьи] "
    "сорока? \\w+десят \\w+идесяти девяност[оа] ст[оа] двести триста \\w+ста пятьсот полтор[аы] "
    "пару несколько "
    "one two three four five six seven eight nine ten eleven twelve \\w+teen twenty thirty forty fifty sixty "
    "seventy eighty ninety hundred half"
)
_UNITS = (
    "секунд минут час день дня дней сут недел месяц раз сантиметр миллиметр метр грамм килограмм литр "
    "миллилитр капл ложк подход повтор процент градус пал(?:ец|ьц) "
    "second minute hour day week month time centim millim meter metre gram kilo liter litre drop spoon set "
    "rep percent degree inch feet foot pound ounce"
)
_SPOKEN_NUMBER = re.compile(
    rf"(?<!\w)({'|'.join(_SPOKEN.split())})\s+(?:an?\s+)?((?:{'|'.join(_UNITS.split())})\w*)"
    r"|(?<!\w)(пол)(час\w*|минут\w*|дня|литра)",
    re.IGNORECASE,
)
# What a note on safety says, by the beginnings of its words.
_SAFETY = re.compile(
    r"(?<!\w)(?:нельзя|опасн|безопасн|осторожн|аккуратн|противопоказ|запрещ|никогда|ни в коем случае|избега|"
    r"травм|боль(?!ш)|боле[зй]|болит|болев|больн|врач|доктор|остановитесь|прекрати|не\s+(?:дав|наж|надав|трог|дел|тян|"
    r"массир|использ|применя|допуска)|аллерг|беремен|ожог|кров(?!ат)|инфекц|температур|отёк|отек|воспал|риск|вред|"
    r"предупре|внимани|"
    r"never|danger|caution|careful|warn|contraindic|avoid|injur|pain(?!t)|hurt|doctor|physician|stop\b|do\s+not|don['’]t|"
    r"must\s+not|risk|unsafe|safety|allerg|pregnan|burn|bleed|infect|fever|swell|inflam|harm(?!on))",
    re.IGNORECASE,
)
_HEADINGS = {"ru": "Дословно из урока:", "en": "Word for word from the lesson:"}

type Fact = tuple[str, str]
"""A number, and the beginning of what it counts; "" where nothing follows it."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the source, or a piece of a long one. `safety`: it must be there as it stands."""

    text: str
    facts: frozenset[Fact]
    safety: bool


def completed(source: str, condensed: str, language: str) -> str:
    """The condensed text, with every sentence of the source whose numbers or warning it has lost."""
    lost = [quote.text for quote in missing(source, condensed)]
    if not lost:
        return condensed.strip()
    heading = _HEADINGS.get(language, _HEADINGS["en"])
    return "\n".join([condensed.strip(), heading, *lost]).strip()


def missing(source: str, condensed: str) -> list[Quote]:
    """What the condensed text does not say of the source's numbers and warnings, in order, each once."""
    known = frozenset(facts_in(condensed))
    plain = _plain(condensed)
    lost: dict[str, Quote] = {}
    for quote in quotes(source):
        bare = _plain(quote.text)
        if quote.facts - known or (quote.safety and f" {bare} " not in f" {plain} "):
            lost.setdefault(bare, quote)
    return list(lost.values())


def quotes(text: str) -> Iterator[Quote]:
    """The sentences with a number or a warning in them."""
    for sentence in _sentences(text):
        facts, safety = frozenset(facts_in(sentence)), bool(_SAFETY.search(sentence))
        if facts or safety:
            yield Quote(sentence, facts, safety)


def facts_in(text: str) -> Iterator[Fact]:
    for found in _NUMBER.finditer(text):
        unit = _UNIT.match(text, found.end())
        yield _number(found[0]), _root(unit[1]) if unit else ""
    for said in _SPOKEN_NUMBER.finditer(text):
        yield (said[1] or said[3]).casefold().replace("ё", "е"), _root(said[2] or said[4])


def _sentences(text: str) -> Iterable[str]:
    for sentence in _SENTENCE_END.split(text):
        for piece in divided(sentence, LONGEST_QUOTE):
            if bare := piece.strip():
                yield bare


def _number(text: str) -> str:
    return re.sub(r"\s", "", text).replace(",", ".").replace("–", "-").replace("—", "-")


@lru_cache(maxsize=4096)
def _root(word: str) -> str:
    return word.casefold().replace("ё", "е")[:ROOT]


def _plain(text: str) -> str:
    """Its words, as they must stand to be the same sentence."""
    return " ".join(_WORDS.findall(text.casefold().replace("ё", "е")))
