"""Whether one place of a lesson speaks of what a sentence says: by the stems of the words that carry it."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import snowballstemmer

ENOUGH = 0.4  # of a sentence's telling words: less is another matter than what the lesson says
SHORTEST_SENTENCE = 8  # words: “Stop. Not at all.” is said together with what follows
LONGEST_SENTENCE = 30  # words: a transcript without full stops is taken in pieces
SHORTEST_WORD = 3  # letters; shorter ones are in every text
SHORTEST_BEGINNING = 5  # letters of a stem that may go on: массаж, массажный
COMMON = 0.5  # of the sentences: a word in more of them supports nothing
FEWEST_SENTENCES = 6  # before that can be said

_WORD = re.compile(r"[^\W\d_]+")
_SENTENCE_END = re.compile(r"[.!?…;\n]+")
# Words that carry nothing, and what notes and lists of equipment begin with whatever they are about.
_STOP_WORDS = """
без более больше был была были было быть вам вами вас ваш ваша ваше вашего вашей ваши ваших весь все
всегда всего всей всем всеми всех вся где для его если есть еще или как какая какие какой когда которая
которое которые который которых лишь либо между менее меньше мне может можете можно мой надо нас наш него
нее нельзя немного нет нибудь никогда ним них ничего обязательно один она они оно особенно очень перед
под после потом потому почти при просто против ради раз разве сам сама сами само свое своего своей своем
свои своих свой свою себе себя слегка слишком снова совсем стало станет так также такая такие такой там
тем того тоже той только том тот туда тут уже хотя чего чем через что чтобы чтоб чуть эта эти этим этих
это этого этой этом этот эту берите будьте важно возьмите готовьте держите должен должна должно должны
запаситесь заранее захватите избегайте избегать используйте использовать купите лучше найдите нужен нужна
нужно нужны обратите внимание особое подготовить подготовьте помните понадобится понадобятся потребуется
потребуются приготовить приготовьте рекомендуется следите следует старайтесь убедитесь about after again
all also always and any are around been before being both but can cannot could did does doing don done
down during each few for from further had has have having her here him his how into its itself just less
may might more most must never not nothing now off once only other our ours out over own same shall she
should some such than that the their them then there these they this those through too under until very
was way were what when where which while who whom why will with without would yes you your yours yourself
avoid bring careful carefully check ensure get important keep make necessary need needed prepare ready
recommended remember sure take use using
"""
_STOP = frozenset(_STOP_WORDS.split())


@dataclass(frozen=True, slots=True)
class Said:
    """A lesson: the stem of each word that carries something, and the sentences that have it."""

    sentences: dict[str, frozenset[int]]
    weak: frozenset[str]  # stems that support nothing: of the title, of most sentences


def said_in(title: str, transcript: str) -> Said:
    sentences = list(_sentences(transcript))
    places: dict[str, set[int]] = defaultdict(set)
    for number, stems in enumerate(sentences):
        for stem in stems:
            places[stem].add(number)
    common = {stem for stem, where in places.items() if len(where) > COMMON * len(sentences)}
    weak = frozenset({*_stems(title), *(common if len(sentences) >= FEWEST_SENTENCES else ())})
    return Said({stem: frozenset(where) for stem, where in places.items()}, weak)


def says_something(part: str, fewest: int = 1) -> bool:
    """Whether it has so many words, and one of them carries something: “No.” and “Never.” say nothing."""
    return len(_WORD.findall(part)) >= fewest and bool(_stems(part))


def spoken_of(part: str, said: Said) -> bool:
    """Whether one sentence of the lesson, or two that follow each other, have enough of the part's words.

    A part of nothing but the title's words, and of words that are everywhere needs all of them there.
    """
    stems = _stems(part)
    telling = stems - said.weak
    wanted = len(telling) * ENOUGH if telling else len(stems)
    here: Counter[int] = Counter()
    for stem in telling or stems:
        places = _places(stem, said)
        here.update(places | {place - 1 for place in places})  # a sentence and the next one
    return max(here.values(), default=0) >= max(wanted, 1)


def _places(stem: str, said: Said) -> frozenset[int]:
    exact = said.sentences.get(stem, frozenset())
    if len(stem) < SHORTEST_BEGINNING:
        return exact
    return exact.union(*(where for other, where in said.sentences.items() if other.startswith(stem)))


def _sentences(text: str) -> Iterator[set[str]]:
    words: list[str] = []
    for sentence in _SENTENCE_END.split(text):
        words += _WORD.findall(_plain(sentence))
        if len(words) < SHORTEST_SENTENCE:
            continue
        for start in range(0, len(words), LONGEST_SENTENCE):
            yield _stems_of(words[start : start + LONGEST_SENTENCE])
        words = []
    yield _stems_of(words)


def _stems(text: str) -> set[str]:
    return _stems_of(_WORD.findall(_plain(text)))


def _stems_of(words: Iterable[str]) -> set[str]:
    """Of those words that carry something."""
    return {_stem(word) for word in words if len(word) >= SHORTEST_WORD and word not in _STOP}


def _plain(text: str) -> str:
    return text.lower().replace("ё", "е")


@lru_cache(maxsize=20_000)
def _stem(word: str) -> str:
    stem: str = _stemmer("english" if word.isascii() else "russian").stemWord(word)
    return stem


@cache
def _stemmer(language: str) -> snowballstemmer.RussianStemmer:
    return snowballstemmer.stemmer(language)
