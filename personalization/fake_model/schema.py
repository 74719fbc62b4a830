"""A JSON schema → a plan (nodes) that is cheap to fill for each request."""

import re
from collections.abc import Mapping
from typing import Any

from personalization.fake_model.nodes import ListNode, Node, ObjectNode, TextNode, ValueNode

type Schema = Mapping[str, Any]

# A recursive $ref would go on for ever; OpenAI allows 10 levels of nesting.
_MAX_DEPTH = 10
_NOT_ANSWERED = frozenset(
    (
        "pattern",
        "format",
        "multipleOf",
        "exclusiveMinimum",
        "exclusiveMaximum",
        "uniqueItems",
        "contains",
        "prefixItems",
        "patternProperties",
        "minProperties",
        "oneOf",
        "not",
        "if",
    )
)
# "2 to 3 sentences", "5–7 steps", "One action"; not the 20 of "a 20-minute assignment".
_AMOUNT = re.compile(r"\b(\d{1,2}|one)(?:\s*(?:–|-|to|до)\s*(\d{1,2}))?\b(?!-)", re.IGNORECASE)
_MOST_SENTENCES = 10
# Enough for any field; more would only be a way to fill the memory.
_HIGHEST_BOUND = 100_000
_STEPS = ("step", "шаг")
_SOURCE = "the source"


class SchemaError(ValueError):
    """A schema that strict mode refuses, or that the fake model cannot answer; names the place."""


def plan(schema: Schema, strict: bool) -> ObjectNode:
    """The plan of a whole answer; SchemaError when its root is no object or a part cannot be answered."""
    node = _Reader(schema, strict).node(schema, "schema", 0)
    if not isinstance(node, ObjectNode):
        raise SchemaError("schema: the root must be an object")
    return node


class _Reader:
    def __init__(self, root: Schema, strict: bool) -> None:
        self._root = root
        self._strict = strict

    def node(self, schema: object, place: str, depth: int) -> Node:
        if not isinstance(schema, dict):
            raise SchemaError(f"{place}: an object is needed, found {type(schema).__name__}")
        if depth > _MAX_DEPTH:
            raise SchemaError(f"{place}: nested deeper than {_MAX_DEPTH} levels, or a $ref to itself")
        if unknown := sorted(_NOT_ANSWERED & schema.keys()):
            raise SchemaError(f"{place}: the fake model cannot answer {', '.join(unknown)}")
        if (inner := self._inner(schema, place)) is not None:
            return self.node(inner, place, depth + 1)
        if "const" in schema:
            return ValueNode((schema["const"],))
        if schema.get("enum"):
            return ValueNode(tuple(schema["enum"]))
        return self._typed(schema, place, depth)

    def _inner(self, schema: Schema, place: str) -> object:
        """What stands in for this schema: the target of its $ref, the first alternative that is not null."""
        if "$ref" in schema:
            return self._target(str(schema["$ref"]), place)
        if len(schema.get("allOf", ())) > 1:
            raise SchemaError(f"{place}: allOf of more than one schema is not answered")
        choices = schema.get("anyOf") or schema.get("allOf")
        if not choices:
            return None
        return next((choice for choice in choices if choice != {"type": "null"}), choices[0])

    def _target(self, ref: str, place: str) -> object:
        target: object = self._root
        for part in ref.removeprefix("#").strip("/").split("/"):
            if part and (not isinstance(target, dict) or part not in target):
                raise SchemaError(f"{place}: {ref} leads nowhere")
            target = target[part] if part and isinstance(target, dict) else target
        return target

    def _typed(self, schema: Schema, place: str, depth: int) -> Node:
        kinds = schema.get("type", "object" if "properties" in schema else None)
        kind = next((k for k in kinds if k != "null"), "null") if isinstance(kinds, list) else kinds
        match kind:
            case "object":
                return self._object(schema, place, depth)
            case "array":
                low, high = _items(schema, place)
                return ListNode(self._item(schema, place, depth), low, high)
            case "string":
                return _text(schema, place)
            case "integer" | "number":
                return ValueNode((_number(schema, place),))
            case "boolean":
                return ValueNode((True, False))
            case "null":
                return ValueNode((None,))
        raise SchemaError(f"{place}: type {kind!r:.40} is not answered")

    def _object(self, schema: Schema, place: str, depth: int) -> ObjectNode:
        properties = schema.get("properties", {})
        if not isinstance(properties, dict):
            raise SchemaError(f"{place}.properties: an object is needed")
        if self._strict and schema.get("additionalProperties") is not False:
            raise SchemaError(f"{place}: strict mode needs additionalProperties: false")
        missing = sorted(set(properties) ^ set(schema.get("required", ())))
        if self._strict and missing:
            raise SchemaError(f"{place}: strict mode needs every property in required: {', '.join(missing)}")
        fields = ((key, self.node(inner, f"{place}.{key}", depth + 1)) for key, inner in properties.items())
        return ObjectNode(tuple(fields))

    def _item(self, schema: Schema, place: str, depth: int) -> Node:
        node = self.node(schema.get("items", {"type": "string"}), f"{place}[]", depth + 1)
        if isinstance(node, TextNode):
            return TextNode(node.min_chars, node.max_chars, 1, 1, item=True, sourced=_sourced(schema))
        return node


def _amount(schema: Schema) -> tuple[int, int] | None:
    found = _AMOUNT.search(str(schema.get("description", "")))
    if not found:
        return None
    low = 1 if found[1].lower() == "one" else int(found[1])
    high = int(found[2] or low)
    return (low, high) if 0 < low <= high <= _MOST_SENTENCES else None


def _bounds(schema: Schema, lowest: str, highest: str, place: str) -> tuple[int | None, int | None]:
    low, high = schema.get(lowest), schema.get(highest)
    for key, value in ((lowest, low), (highest, high)):
        if value is not None and (not isinstance(value, int) or abs(value) > _HIGHEST_BOUND):
            raise SchemaError(f"{place}.{key}: a whole number up to {_HIGHEST_BOUND} is needed")
    if low is not None and high is not None and low > high:
        raise SchemaError(f"{place}: {lowest} {low} is more than {highest} {high}")
    return low, high


def _number(schema: Schema, place: str) -> int:
    low, high = _bounds(schema, "minimum", "maximum", place)
    if low is not None:
        return low
    return 1 if high is None else min(1, high)


def _items(schema: Schema, place: str) -> tuple[int, int]:
    least, most = _bounds(schema, "minItems", "maxItems", place)
    low, high = _amount(schema) or (3, 5)
    low = max(low if least is None else least, 0)
    high = max(high, low)
    return (low, high) if most is None else (min(low, most), min(high, most))


def _text(schema: Schema, place: str) -> TextNode:
    least, most = _bounds(schema, "minLength", "maxLength", place)
    low, high = _amount(schema) or (2, 3)
    steps = any(word in str(schema.get("description", "")).lower() for word in _STEPS)
    return TextNode(least or 0, most, low, high, steps and low > 1, sourced=_sourced(schema))


def _sourced(schema: Schema) -> bool:
    return _SOURCE in str(schema.get("description", "")).lower()
