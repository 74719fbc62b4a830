"""What the strict JSON reader says against a text."""

import pytest

from courses.strict_json import REQUEST, JSONProblem, Limits, parse


def problems(
    data: bytes | str, limits: Limits = REQUEST, *, allow_bom: bool = False
) -> list[tuple[str, str]]:
    """What the reader says against the data; an error when it says nothing."""
    with pytest.raises(JSONProblem) as caught:
        parse(data.encode() if isinstance(data, str) else data, limits, allow_bom=allow_bom)
    return caught.value.problems


def refused(data: bytes) -> JSONProblem | None:
    try:
        parse(data)
    except JSONProblem as error:
        return error
    return None
