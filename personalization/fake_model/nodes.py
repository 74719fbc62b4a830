"""What a JSON schema asks for, reduced to what is needed to fill it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TextNode:
    """A string: characters allowed, and how many sentences (or numbered steps) its description asks for.

    `sourced`: it asks for what the source says.
    """

    min_chars: int = 0
    max_chars: int | None = None
    low: int = 2
    high: int = 3
    steps: bool = False
    item: bool = False
    sourced: bool = False


@dataclass(frozen=True, slots=True)
class ValueNode:
    """Anything that has few right answers: enum, const, number, boolean, null."""

    choices: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class ListNode:
    """An array of `low` to `high` items."""

    item: "Node"
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class ObjectNode:
    """An object with all its properties, in the schema's order."""

    fields: tuple[tuple[str, "Node"], ...]


type Node = TextNode | ValueNode | ListNode | ObjectNode
