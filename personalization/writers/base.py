from contextvars import ContextVar
from dataclasses import dataclass
from typing import Protocol

from courses.formats.definition import Document
from personalization.brief import Brief
from personalization.condensing.prompt import PartBrief


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the provider counted them; cached ones are part of the input.

    `reported`: the provider told them. Zeros that it did not tell mean that nobody knows.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """`seconds`: from the start of its request to the answer; None: nobody was asked."""

    content: Document
    usage: Usage = Usage()
    seconds: float | None = None


@dataclass(slots=True)
class Call:
    """The call that a task makes, as its writer and whoever pays for it tell each other of it.

    `output`: so many tokens of an answer are paid for. `sent`: some of its request has gone out. Before that
    it waits for its turn, and costs nothing.
    """

    output: int = 0
    sent: bool = False


CALL: ContextVar[Call | None] = ContextVar("call", default=None)


class Writer(Protocol):
    def estimate(self, brief: Brief | PartBrief) -> Usage:
        """The most tokens that a call for this brief takes; zeros where it costs nothing."""

    async def write(self, brief: Brief, complaint: str = "") -> Draft:
        """A checked draft, the name's placeholder filled in. Raises a WriterError for everything expected.

        `complaint`: why the answer before this one was refused; "" the first time.
        """

    async def condense(self, brief: PartBrief, complaint: str = "") -> Draft:
        """One part of a source, condensed, as `write`."""

    async def close(self) -> None:
        """Gives connections back; the writer is not used afterwards."""
