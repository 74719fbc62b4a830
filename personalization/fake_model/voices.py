"""Who fills the strings of an answer: the good writer, and the bad ones."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from personalization.fake_model.nodes import TextNode
from personalization.fake_model.options import Mode
from personalization.fake_model.prompt import PLACEHOLDER, Prompt
from personalization.fake_model.sentences import ENGLISH, RUSSIAN, Phrasebook

HUGE_BYTES = 10_000_000


class Voice(Protocol):
    """Writes the texts of one answer, one after the other."""

    def text(self, node: TextNode) -> str:
        """The next text."""


@dataclass(slots=True)
class Sentences:
    """Plausible sentences; the seed and the phrases decide which, no sentence twice in a row.

    `said` empty: none of them speaks of what a learner said.
    """

    book: Phrasebook
    said: tuple[str, ...]
    taught: tuple[str, ...]
    seed: int
    greet: bool
    sourced: tuple[str, ...] = ()  # sentences of the lesson, for what must be its own
    name: str = PLACEHOLDER
    _next: int = field(default=0, init=False)

    def text(self, node: TextNode) -> str:
        """As many sentences as the node asks for, within its length; the first text greets by name."""
        count = node.low + self.seed % (node.high - node.low + 1)
        write = self._quote if node.sourced and self.sourced else self._sentence
        parts = [write(node.item) for _ in range(count)]
        while sum(map(len, parts)) < node.min_chars:
            parts.append(self._sentence(node.item))
        if self.greet:
            parts[0] = f"{self.name}, {parts[0][0].lower()}{parts[0][1:]}"
            self.greet = False
        if node.steps:
            return _within("\n".join(f"{n}. {part}" for n, part in enumerate(parts, 1)), node)
        return _within(" ".join(parts), node)

    def _quote(self, item: bool) -> str:
        self._next += 1
        return self.sourced[(self.seed + self._next) % len(self.sourced)]

    def _sentence(self, item: bool) -> str:
        templates = self.book.items if item else self.book.texts
        if not self.said:
            templates = tuple(one for one in templates if "{said}" not in one)
        # The words come from the seed's higher digits, so that equal first sentences differ in words.
        turn = self.seed + self._next
        words = self.seed // 1009 + self._next
        self._next += 1
        said = self.said[words % len(self.said)] if self.said else ""
        taught = self.taught[words % len(self.taught)]
        return templates[turn % len(templates)].format(said=said, taught=taught)


class Silent:
    """Leaves every text empty."""

    def text(self, node: TextNode) -> str:
        """Always the empty text."""
        return ""


@dataclass(frozen=True, slots=True)
class Parrot:
    """Says the prompt back."""

    prompt: str

    def text(self, node: TextNode) -> str:
        """Always the whole prompt."""
        return self.prompt


@dataclass(frozen=True, slots=True)
class Scripted:
    """Adds markup to what another voice says."""

    voice: Voice

    def text(self, node: TextNode) -> str:
        """The other voice's text with a script element and an event handler behind it."""
        return self.voice.text(node) + " <script>alert(1)</script><img src=x onerror=alert(2)>"


@dataclass(slots=True)
class Endless:
    """Says the first text of another voice again and again."""

    voice: Voice
    _said: bool = field(default=False, init=False)

    def text(self, node: TextNode) -> str:
        """The other voice's text; the first one so often that it has ten megabytes."""
        text = self.voice.text(node)
        times = 1 if self._said else HUGE_BYTES // len(text.encode()) + 1
        self._said = True
        return text * times


_SPOILT: dict[Mode, Callable[[Voice], Voice]] = {Mode.HTML: Scripted, Mode.HUGE: Endless}


def voice_for(mode: Mode, prompt: Prompt, seed: int) -> Voice:
    """The voice that answers this prompt in this mode."""
    russian = prompt.source.language == "ru"
    match mode:
        case Mode.EMPTY:
            return Silent()
        case Mode.ECHO:
            return Parrot(prompt.text)
        case Mode.WRONG_LANGUAGE:
            other = ENGLISH if russian else RUSSIAN
            foreign = () if prompt.of_lesson else other.said
            return Sentences(other, foreign, other.taught, seed, prompt.asks_for_name)
    book = RUSSIAN if russian else ENGLISH
    said = () if prompt.of_lesson else prompt.answers or book.said
    taught = prompt.source.words or book.taught
    sentences = Sentences(book, said, taught, seed, prompt.asks_for_name, prompt.source.sentences)
    if mode is Mode.OTHER_NAME:
        sentences = replace(sentences, greet=not prompt.of_lesson, name=book.stranger)
    spoil = _SPOILT.get(mode)
    return spoil(sentences) if spoil else sentences


def _within(text: str, node: TextNode) -> str:
    if node.max_chars is None or len(text) <= node.max_chars:
        return text
    hard = text[: node.max_chars]
    whole_words = hard.rsplit(" ", 1)[0]
    return whole_words if len(whole_words) >= node.min_chars else hard
