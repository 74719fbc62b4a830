"""The column `content` in course.json and lesson.json: mostly the file itself; else `_stored` says what.

An import keeps the whole file in `content`; what an editor changed since is in columns of its own. So that
an export says today's title and number, and an import of it leaves `content` as it is, the file has one more
key: `"_stored": null` (nothing is kept), `{"instead": …}`, or `{"without": [keys], "was": {key: value}}`: the
file without these keys, with these values. Stores that were not exported have no such key.
"""

import json
from typing import Any

KEY = "_stored"


def kept_content(data: dict[str, Any]) -> Any:
    """What the column `content` gets from a file."""
    if KEY not in data:
        return data
    rest = {key: value for key, value in data.items() if key != KEY}
    match data[KEY]:
        case None:
            return None
        case {"instead": instead, **others} if not others:
            return instead
        case {"without": list() as without, "was": dict() as was, **others} if not others:
            return {key: value for key, value in rest.items() if key not in without} | was
    return data  # somebody's own key of that name


def with_content(data: dict[str, Any], content: Any) -> dict[str, Any]:
    """The file's data such that `kept_content` gives back `content`."""
    if content is None:
        return {**data, KEY: None}
    if not isinstance(content, dict) or KEY in content:
        return {**data, KEY: {"instead": content}}
    without = sorted(data.keys() - content.keys())
    was = {key: content[key] for key in sorted(content) if key not in data or differ(content[key], data[key])}
    return {**data, KEY: {"without": without, "was": was}} if without or was else data


def differ(one: Any, other: Any) -> bool:
    """Whether two JSON values differ. To Python, true is 1, and 1 is 1.0."""
    return json.dumps(one, sort_keys=True) != json.dumps(other, sort_keys=True)
