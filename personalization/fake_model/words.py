"""Words of a lesson and of a learner that an answer may quote: nothing with signs or addresses."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import Literal

type Language = Literal["ru", "en"]

# Together with the longest list item of the phrasebook these stay within 18 words.
_QUOTED_WORDS = range(2, 7)
_QUOTED_CHARS = 70
_MOST_QUOTES = 40
_SENTENCE_WORDS = range(3, 19)
_MOST_SENTENCES = 40
_MOST_READ = 20_000  # characters
_SENTENCE_END = re.compile(r"[.!?…\n]+")
_PLAIN = re.compile(r"[\w ,:;'’«»“”()—–-]+")
_MOST_KEYWORDS = 12
# Forms of a word share their beginning: the five letters in front count together.
_STEM = 5
_CLAUSE_END = re.compile(r"[.,;:!?…()«»„“”\"\n—\u2013]+")
_WORD = re.compile(r"[^\W_]{1,30}(?:[-'’][^\W_]{1,30})*")
_LONG_NUMBER = re.compile(r"\d{4}")
_LETTERS: dict[Language, re.Pattern[str]] = {
    "ru": re.compile(r"[а-яё]+", re.IGNORECASE),
    "en": re.compile(r"[a-z]+", re.IGNORECASE),
}
# Frequent in any speech and about nothing; by stem.
_EMPTY = (
    "сегод потом котор челов тольк прост сейча снача может можно нужно давай смотр урока уроке "
    "хорош когда тогда всегд никог вообщ потом здесь очень через после перед чтобы тепер первы "
    "втору трети четыр говор скажи делае делат значи конеч именн такой такая такие больш меньш "
    "becau shoul would could about there their thing peopl littl somet every lesso which where "
    "after befor today first secon third really actua don't doesn you're that' it's think start never "
    "other right again still until maybe somebo anyth nothi while right going always"
)
_EMPTY_STEMS = frozenset(_EMPTY.split())


def script(text: str) -> Language:
    """The language whose letters are more."""
    russian, english = (sum(map(len, _LETTERS[kind].findall(text))) for kind in ("ru", "en"))
    return "ru" if russian > english else "en"


def keywords(text: str, language: Language) -> tuple[str, ...]:
    """The most frequent long words, each in its most frequent form, most frequent first."""
    words = [word.lower() for word in _LETTERS[language].findall(text) if len(word) >= _STEM]
    stems = Counter(word[:_STEM] for word in words)
    forms = Counter(words)
    frequent = [stem for stem, _ in stems.most_common() if stem not in _EMPTY_STEMS][:_MOST_KEYWORDS]
    best = {word[:_STEM]: word for word, _ in reversed(forms.most_common())}
    return tuple(best[stem] for stem in frequent)


def sentences(text: str) -> tuple[str, ...]:
    """The first short sentences of plain words, each once."""
    found = (sentence.strip() for sentence in _SENTENCE_END.split(text[:_MOST_READ]))
    plain = dict.fromkeys(
        one for one in found if len(one.split()) in _SENTENCE_WORDS and _PLAIN.fullmatch(one)
    )
    return tuple(f"{one}." for one in islice(plain, _MOST_SENTENCES))


def quotes(answers: Iterable[str], language: Language) -> tuple[str, ...]:
    """The opening words of each answer, where they are plain words in this language."""
    openings = (_CLAUSE_END.split(answer.strip(), maxsplit=1)[0].strip() for answer in answers)
    found = dict.fromkeys(opening for opening in openings if _quotable(opening, language))
    return tuple(found)[:_MOST_QUOTES]


def _quotable(text: str, language: Language) -> bool:
    words = text.split()
    other: Language = "en" if language == "ru" else "ru"
    return (
        len(words) in _QUOTED_WORDS
        and len(text) <= _QUOTED_CHARS
        and all(map(_WORD.fullmatch, words))
        and not _LONG_NUMBER.search(text)
        and bool(_LETTERS[language].search(text))
        and not _LETTERS[other].search(text)
    )
