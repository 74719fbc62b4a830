from dataclasses import dataclass
from typing import Protocol

from courses.formats.definition import Document
from personalization.brief import Brief, Recipe


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; cached ones are part of the input."""

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    content: Document
    usage: Usage = Usage()


class Writer(Protocol):
    def recipe(self) -> Recipe:
        """What of this writer goes into the fingerprint of its texts."""

    async def write(self, brief: Brief) -> Draft:
        """A checked draft, the name's placeholder filled in. Raises a WriterError for everything expected."""

    async def close(self) -> None:
        """Gives connections back; the writer is not used afterwards."""
