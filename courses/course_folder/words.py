"""Texts as stems of words, and how like one text is to each of many: tf-idf and cosine, nothing else."""

import re
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from math import log, sqrt

import snowballstemmer

# A stem costs some 50 µs, as much as a hundred look-ups. The words that come first in a store are its usual
# ones; of the rest, which are rare, each form stands for itself.
MOST_STEMMED = 40_000
# Of one text with the others: the rarest words first, which tell most. Below that everything is compared;
# above, a course of 10,000 lessons would have 100 million pairs.
MOST_COMPARED = 600

_WORD = re.compile(r"[^\W\d_]{3,}")


class Stems:
    """Counts the stems of texts in Russian, English or both, and remembers every stem."""

    def __init__(self) -> None:
        self._russian = snowballstemmer.stemmer("russian")
        self._english = snowballstemmer.stemmer("english")
        self._known: dict[str, str] = {}

    def count(self, text: str) -> Counter[str]:
        found: Counter[str] = Counter()
        for word, count in Counter(_WORD.findall(text.lower().replace("ё", "е"))).items():
            found[self._known.get(word) or self._stem(word)] += count
        return found

    def _stem(self, word: str) -> str:
        if len(self._known) >= MOST_STEMMED:
            return word
        stemmer = self._english if word.isascii() else self._russian
        self._known[word] = stemmer.stemWord(word)
        return self._known[word]


class Likeness:
    """Texts, by their stems; tells of another text how like it is to each of them.

    Kept in arrays: of 10,000 lessons it is a million numbers, which as objects would take 100 MB.
    """

    def __init__(self, texts: Iterable[Mapping[str, int]]) -> None:
        self._ids: dict[str, int] = {}
        rows = [self._row(text) for text in texts]
        held = Counter(number for row in rows for number in set(row))
        # A word that most of them have tells nothing: its weight is 0.
        self._weights = [
            log((1 + len(rows) / held[number]) / 2) if 2 * held[number] <= len(rows) else 0.0
            for number in self._ids.values()
        ]
        self._places = [array("I") for _ in self._ids]
        self._shares = [array("f") for _ in self._ids]
        for place, row in enumerate(rows):
            for number, weight in self._weighed(Counter(row)).items():
                self._places[number].append(place)
                self._shares[number].append(weight)

    def to(self, text: Mapping[str, int]) -> dict[int, float]:
        """Place of a text → cosine, above 0 and at most 1; a text that shares no word is left out."""
        found: dict[int, float] = defaultdict(float)
        compared = 0
        ids = self._ids
        weighed = self._weighed({ids[stem]: count for stem, count in text.items() if stem in ids})
        for count, number in sorted((len(self._places[number]), number) for number in weighed):
            compared += count
            if compared > MOST_COMPARED:
                break
            mine = weighed[number]
            for place, share in zip(self._places[number], self._shares[number], strict=True):
                found[place] += share * mine
        return found

    def shared(self, text: Mapping[str, int], place: int) -> int:
        """How many telling words the text shares with that one."""
        numbers = (self._ids.get(stem) for stem in text)
        return sum(number is not None and place in self._places[number] for number in numbers)

    def _row(self, text: Mapping[str, int]) -> array[int]:
        """The numbers of the text's stems, each as often as it stands there."""
        ids = self._ids
        return array("I", [ids.setdefault(stem, len(ids)) for stem, n in text.items() for _ in range(n)])

    def _weighed(self, counts: Mapping[int, int]) -> dict[int, float]:
        """The text as a vector of length 1, without the words that weigh nothing."""
        weights = self._weights
        weighed = {number: (1 + log(n)) * weights[number] for number, n in counts.items() if weights[number]}
        length = sqrt(sum(weight * weight for weight in weighed.values()))
        return {number: weight / length for number, weight in weighed.items()}
