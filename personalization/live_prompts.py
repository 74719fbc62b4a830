"""The prompts as app_config has them now. Read anew for each batch of a run, and the same within it."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import connection
from django.utils import translation

from personalization.models import PromptEntry, PromptVersion
from personalization.personal_prompt import (
    CLUSTER_PREFIX,
    LESSON_TEMPLATE,
    VARIABLE_PREFIX,
    PersonalPrompt,
    cluster_guidance,
    shipped_prompt,
    variables_json,
    writers_prompt,
)
from personalization.prompt_engine import PromptError
from personalization.shipped_config import PERSONALIZATION, shipped_prompts
from personalization.supervisor.guidance import LANGUAGES

log = logging.getLogger(__name__)

# The live version is the one with the words that app_config has: nobody has to keep two rows together. Words
# that somebody entered with SQL are of no version, and are called 0.
_READ = """
    SELECT entry.key, entry.value::text, max(version.number)
    FROM app_config entry
    LEFT JOIN prompt_versions version
        ON version.key = entry.key AND version.content = entry.value ->> 'content'
    WHERE starts_with(entry.key, 'prompt_') OR starts_with(entry.key, 'var_')
    GROUP BY entry.key, entry.value
"""


# Key → its fault, of cluster prompts that this process has found unusable: each is logged when it comes, and
# again when it comes back, not with each batch.
_told: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class LivePrompts:
    """`lesson`: what standard descriptions are asked for with. `guidance`: key → language → what the cluster
    asks for. `clusters`: key → its version's name."""

    personal: PersonalPrompt
    lesson: PersonalPrompt
    guidance: Mapping[str, Mapping[str, str]]
    clusters: Mapping[str, str]


def live_prompts(
    instead: PromptVersion | None = None, variables: Mapping[str, Any] | None = None
) -> LivePrompts:
    """All of them, by one query; `instead`: a version that takes the place of its key's live one, and
    `variables`: name → the value that takes the place of the present one.

    A prompt that cannot be used blocks the run that needs it (prompts.shared_part); a cluster's is left out
    and logged, as what refines a prompt must never stop a run.
    """
    contents, numbers, values = _read()
    if instead:
        contents[instead.key], numbers[instead.key] = instead.content, instead.number
    packed = variables_json({**values, **(variables or {})})
    shipped = {key: text for key, text in shipped_prompts().items() if key not in contents}
    clusters = {**shipped, **contents}
    guidance = {
        key: _guidance(key, content, packed, is_live=instead is None and variables is None)
        for key, content in clusters.items()
        if key.startswith(CLUSTER_PREFIX)
    }
    names = {key: version_name(key, numbers.get(key, 0)) for key in guidance}
    personal, lesson = (
        _writers(key, contents, numbers, packed) for key in (PERSONALIZATION, LESSON_TEMPLATE)
    )
    return LivePrompts(personal, lesson, guidance, names)


def live_variables() -> dict[str, Any]:
    """Name without its prefix → value."""
    return _read()[2]


def config_state() -> str:
    """All that prompts and variables say: the same for as long as nobody changes any."""
    contents, _numbers, variables = _read()
    return variables_json({"prompts": contents, "variables": variables})


def live_content(key: str) -> str | None:
    """None where there is none, or SQL made something of it that is no text."""
    value = PromptEntry.objects.filter(pk=key).values_list("value", flat=True).first()
    content = value.get("content") if isinstance(value, dict) else None
    return content if isinstance(content, str) else None


def version_name(key: str, number: int) -> str:
    """As a text names it: "personalization:12", "visual_basic:2"."""
    return f"{key.removeprefix(CLUSTER_PREFIX).removeprefix('prompt_')}:{number}"


def plain_value(value: Any) -> Any:
    """A variable's value: texts are kept as {"content": "…"}."""
    return value.get("content") if isinstance(value, dict) else value


def _read() -> tuple[dict[str, Any], dict[str, int], dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(_READ)
        rows = [(key, value, number or 0) for key, value, number in cursor.fetchall()]
    contents, numbers, variables = {}, {}, {}
    for key, packed, number in rows:
        value = plain_value(json.loads(packed))
        if key.startswith(VARIABLE_PREFIX):
            variables[key.removeprefix(VARIABLE_PREFIX)] = value
        else:
            contents[key], numbers[key] = value, number
    return contents, numbers, variables


def _writers(key: str, contents: dict[str, Any], numbers: dict[str, int], variables: str) -> PersonalPrompt:
    if key not in contents:
        shipped = shipped_prompt(key)
        return replace(shipped, variables={**json.loads(variables), **shipped.variables})
    content, name = contents[key], version_name(key, numbers[key])
    # What is no text is refused as an empty prompt is: it lacks its parts.
    return writers_prompt(key, name, content if isinstance(content, str) else "", variables)


def _guidance(key: str, content: Any, variables: str, *, is_live: bool) -> dict[str, str]:
    text = content if isinstance(content, str) else ""
    try:
        with translation.override(None):  # a fault is for the log, whoever's page has met it
            found = {language: cluster_guidance(key, text, variables, language) for language in LANGUAGES}
    except PromptError as error:
        # Of what is only tried, whoever tries it is told.
        if is_live and _told.get(key) != str(error):
            _told[key] = str(error)
            log.error("%s cannot be used, and nothing is asked for by it: %s", key, error)
        return dict.fromkeys(LANGUAGES, "")
    if is_live:
        _told.pop(key, None)
    return found
