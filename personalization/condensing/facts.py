"""What a condensed text must not lose: numbers with what they count, durations, notes on safety.

A program can find these, and a model that condenses likes to lose them. What is missing is appended in the
source's own words. Better a sentence twice than a warning less.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

from personalization.condensing.division import divided
from personalization.spoken_numbers import spoken_amounts

LONGEST_QUOTE = 300  # characters; a speaker's sentence may go on for pages
ROOT = 4  # letters by which two forms of a unit are the same: минут, минуты; seconds, second
_SENTENCE_END = re.compile(r"(?<=[.!?…])\s+|\n+")
# 15, 1,5, 2-3, 10:30; each with the word behind it, if one follows.
_NUMBER = re.compile(r"(?<!\w)\d+(?:[.,:]\d+)*(?:\s?[–—-]\s?\d+(?:[.,:]\d+)*)?")
_UNIT = re.compile(r"[\s\u00a0-]*(%|°\w?|[^\W\d_]+)")
_WORDS = re.compile(r"[^\W_]+")
_UNITS = (
    "секунд минут час день дня дней сут недел месяц раз сантиметр миллиметр метр грамм килограмм литр "
    "миллилитр капл ложк подход повтор процент градус пал(?:ец|ьц) "
    "second minute hour day week month time centim millim meter metre gram kilo liter litre drop spoon set "
    "rep percent degree inch feet foot pound ounce"
)
# Behind a number that is said in words.
_COUNTED = re.compile(rf"[\s-]+(?:an?\s+)?((?:{'|'.join(_UNITS.split())})\w*)")
# What stands for a number, and is none.
_SOME = re.compile(
    rf"(?<!\w)(ноль|пару|несколько|half)\s+(?:an?\s+)?((?:{'|'.join(_UNITS.split())})\w*)"
    r"|(?<!\w)(пол)(час\w*|минут\w*|дня|литра)"
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

type _Said = tuple[str, tuple[Fact, ...]]  # a quote's words and facts: what is said twice is one
type Fact = tuple[str, str]
"""A number, in digits however it is said, and the beginning of what it counts; "" where nothing follows."""


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence of the source, or a piece of a long one. `facts`: as often as it says each. `safety`: it
    must be there as it stands."""

    text: str
    facts: tuple[Fact, ...]
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
    plain = f" {_plain(condensed)} "
    found: dict[_Said, Quote] = {}
    for quote in quotes(source):
        found.setdefault((_plain(quote.text), quote.facts), quote)
    untold = _untold(found, condensed)
    return [
        quote
        for said, quote in found.items()
        if said in untold or (quote.safety and f" {said[0]} " not in plain)
    ]


def _untold(found: Collection[_Said], condensed: str) -> set[_Said]:
    """Those of which a number is lost: it is said less often than in the source. What is most like what the
    condensed text says keeps it: the same number of another sentence is no answer for this one."""
    needed = Counter(fact for _, facts in found for fact in facts)
    told = _told(condensed)
    lost = {fact for fact, times in needed.items() if times > len(told.get(fact, ()))}
    asking: dict[Fact, list[_Said]] = {fact: [] for fact in needed if fact in lost}
    for said in found:
        for fact in lost.intersection(said[1]):
            asking[fact].append(said)
    roots = cache(_roots)
    untold: set[_Said] = set()
    for fact, each in asking.items():
        sentences = told.get(fact, [])
        left = len(sentences)
        if not left:
            untold.update(each)
            continue
        distinct = set(sentences)
        like = {said: _likeness(roots(said[0]), distinct) for said in each}
        for said in sorted(each, key=lambda said: -like[said]):
            often = said[1].count(fact)
            if often > left:
                untold.add(said)
            else:
                left -= often
    return untold


def _told(condensed: str) -> dict[Fact, list[frozenset[str]]]:
    """Each fact of the text, as often as it says it: the words of the sentence."""
    told: dict[Fact, list[frozenset[str]]] = {}
    for sentence in _sentences(condensed):
        if facts := [*facts_in(sentence)]:
            roots = _roots(_plain(sentence))
            for fact in facts:
                told.setdefault(fact, []).append(roots)
    return told


def _likeness(roots: frozenset[str], sentences: Collection[frozenset[str]]) -> float:
    """0 to 1: how much of it stands in one of the sentences."""
    return max((len(roots & other) / len(roots) for other in sentences), default=0.0) if roots else 0.0


def _roots(said: str) -> frozenset[str]:
    return frozenset(_root(word) for word in said.split())


def quotes(text: str) -> Iterator[Quote]:
    """The sentences with a number or a warning in them."""
    for sentence in _sentences(text):
        facts, safety = tuple(facts_in(sentence)), bool(_SAFETY.search(sentence))
        if facts or safety:
            yield Quote(sentence, facts, safety)


def facts_in(text: str) -> Iterator[Fact]:
    for found in _NUMBER.finditer(text):
        unit = _UNIT.match(text, found.end())
        yield _number(found[0]), _root(unit[1]) if unit else ""
    plain = text.lower().replace("ё", "е")
    for amount, end in spoken_amounts(plain):
        if counted := _COUNTED.match(plain, end):
            yield amount, _root(counted[1])
    for some in _SOME.finditer(plain):
        yield some[1] or some[3], _root(some[2] or some[4])


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
