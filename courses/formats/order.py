"""jsonb forgets the order of keys: where that would move a nested object's entries, the object carries it."""

from collections.abc import Iterable, Mapping
from typing import Any

from courses.formats.definition import ORDER_KEY


def arranged(value: Any) -> Any:
    """The value with the order of keys kept in each object in it that jsonb would put into another one.

    An object with an `_order` of its author's is left as it is.
    """
    if isinstance(value, list):
        # Most are lists of texts, and an import sees a million of them.
        return [arranged(item) for item in value] if _has_containers(value) else value
    if not isinstance(value, dict):
        return value
    inner = {key: arranged(item) for key, item in in_order(value)}
    keys = list(inner)
    if ORDER_KEY in inner or keys == sorted(keys, key=_jsonb_place):
        return inner
    return {**inner, ORDER_KEY: keys}


def in_order(value: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
    """The entries of a nested object in the order it carries, else in the order they stand in."""
    order = value.get(ORDER_KEY)
    if isinstance(order, list) and _is_ours(order, value):
        return [(key, value[key]) for key in order]
    return value.items()


def _is_ours(order: list[Any], value: Mapping[str, Any]) -> bool:
    """An `_order` of ours names every other key once."""
    return (
        len(order) == len(value) - 1
        and all(isinstance(key, str) for key in order)
        and {*order, ORDER_KEY} == value.keys()
    )


def _has_containers(value: list[Any]) -> bool:
    return any(isinstance(item, dict | list) for item in value)


def _jsonb_place(key: str) -> tuple[int, bytes]:
    encoded = key.encode()
    return len(encoded), encoded
