"""A prompt of app_config as what a writer renders: which names it may use, and what must be in it.

`prompt_personalization` has two parts, with the line {% learner %} between them. The first is the same for
all learners of a lesson, and becomes the message that a provider's cache keeps; the second is one learner's.
`prompt_lesson_template` has one: it asks for a lesson's standard description.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from django.utils.translation import gettext as _

from personalization.prompt_engine import LONGEST_PROMPT, Names, Prompt, PromptError, parse
from personalization.shipped_config import (
    FORMER_VERSION,
    PERSONALIZATION,
    former_prompt,
    shipped_prompts,
    shipped_values,
)

LESSON_TEMPLATE = "prompt_lesson_template"
CLUSTER_PREFIX = "prompt_cluster_"
VARIABLE_PREFIX = "var_"
ALL_VARIABLES = "var"

_LEARNER = re.compile(r"^[ \t]*\{%[ \t]*learner[ \t]*%\}[ \t\r]*$", re.MULTILINE)
_COURSE = {"title", "language"}
_SHARED = {
    "course": _COURSE,
    "lesson": {"title", "summary", "source"},
    "format": {"name", "guidance"},
    "coach": {"name", "sex", "voice"},
    "learner": {"name"},
}
_OWN = {
    **_SHARED,
    "lesson": {"title"},
    "format": {"name"},
    "learner": {"name", "has_name", "guidance", "answers"},
}
_OF_A_LESSON = {"course": _COURSE, "lesson": {"title", "summary", "source"}, "format": {"name", "guidance"}}
_OF_A_CLUSTER = {"course": {"language"}}

type Variables = Mapping[str, Any]
"""Name without its prefix → text, number, or yes and no."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A prompt's templates. `own` None: it has one part only."""

    shared: Prompt
    own: Prompt | None = None

    @property
    def used(self) -> frozenset[str]:
        return self.shared.used | (self.own.used if self.own else frozenset())


@dataclass(frozen=True, slots=True)
class PersonalPrompt:
    """Of personal texts, or of standard descriptions. `name`: "personalization:12", the version.

    `digest`: of all that the prompt itself brings into a text. `problem`: why it cannot be used; it then has
    no parts.
    """

    name: str
    digest: str
    parts: Parts | None = field(compare=False)
    variables: Variables = field(compare=False)
    problem: str = field(default="", compare=False)

    @property
    def version(self) -> str:
        """Short and stable; it goes into texts and fingerprints."""
        if self.digest == _former_digest():
            return FORMER_VERSION
        return f"{self.name} {self.digest[:8]}"


def known_names(key: str, variables: Variables) -> list[tuple[str, bool]]:
    """What an editor may write in the prompt of this key, and whether only below the line."""
    fields = {**_names_of(key), "var": set(variables)}
    found = [(f"{root}.{name}", False) for root, names in fields.items() for name in sorted(names)]
    below = sorted(_OWN["learner"] - _SHARED["learner"]) if key == PERSONALIZATION else []
    return [*found, *((f"learner.{name}", True) for name in below)]


def parsed(key: str, content: str, variables: Variables) -> Parts:
    """The prompt's templates. Raises PromptError, with the line, for what cannot be used."""
    names = _with(_names_of(key), variables)
    if key != PERSONALIZATION:
        parts = Parts(parse(content, names))
        if key == LESSON_TEMPLATE:
            _demand(parts.shared, ("lesson.source", "format.guidance"))
        return parts
    if len(content) > LONGEST_PROMPT:
        parse(content, names)  # refuses it
    above, below = _halves(content)
    parts = Parts(parse(above, names), parse(below, _with(_OWN, variables)))
    _demand(parts.shared, ("lesson.source", "format.guidance"))
    _demand(parts.own, ("learner.answers",))
    return parts


def writers_prompt(key: str, name: str, content: str, variables: str) -> PersonalPrompt:
    """The prompt of this key for writers. variables: as JSON."""
    try:
        return _usable(key, name, content, variables)
    except PromptError as error:  # not kept: it is in the language of who reads
        values: dict[str, Any] = json.loads(variables)
        return PersonalPrompt(name, _digest(content, values), None, values, str(error))


@lru_cache(maxsize=64)
def _usable(key: str, name: str, content: str, variables: str) -> PersonalPrompt:
    values: dict[str, Any] = json.loads(variables)
    parts = parsed(key, content, values)
    return PersonalPrompt(name, _digest(content, _used(parts, values)), parts, values)


@lru_cache(maxsize=256)
def cluster_guidance(key: str, content: str, variables: str, language: str) -> str:
    """What the cluster's prompt asks of a text in the language. Raises PromptError."""
    values = json.loads(variables)
    prompt = parsed(key, content, values).shared
    return prompt.render({"course": {"language": language}, "var": values}).strip()


def variables_json(values: Variables) -> str:
    return json.dumps(values, sort_keys=True, ensure_ascii=False)


def shipped_variables() -> dict[str, Any]:
    return {
        entry.key.removeprefix(VARIABLE_PREFIX): entry.value
        for entry in shipped_values()
        if entry.key.startswith(VARIABLE_PREFIX)
    }


def shipped_prompt(key: str) -> PersonalPrompt:
    """What is used where app_config has no such entry."""
    name = f"{key.removeprefix('prompt_')}:shipped"
    return writers_prompt(key, name, shipped_prompts()[key], variables_json(shipped_variables()))


def shipped_personal_prompt() -> PersonalPrompt:
    return shipped_prompt(PERSONALIZATION)


def uses_variable(parts: Parts, name: str) -> bool:
    """`var` as a whole, as in `{% with v=var %}`, is each of them."""
    return ALL_VARIABLES in parts.used or f"var.{name}" in parts.used


def refuse_all_variables(parts: Parts) -> None:
    """Raises PromptError, with the line, where the prompt takes `var` as a whole.

    Each change of any variable would make its texts stale, and a misspelt name would say nothing.
    A version from before this was refused goes on to be read.
    """
    for part in filter(None, (parts.shared, parts.own)):
        if ALL_VARIABLES in part.places:
            said = _("“var” stands alone. Write each variable by its name, such as {{ var.name }}.")
            raise PromptError(said, part.places[ALL_VARIABLES])


def _names_of(key: str) -> Mapping[str, set[str]]:
    if key == PERSONALIZATION:
        return _SHARED
    return _OF_A_CLUSTER if key.startswith(CLUSTER_PREFIX) else _OF_A_LESSON


def _with(fields: Mapping[str, set[str]], variables: Variables) -> Names:
    return {**{root: frozenset(names) for root, names in fields.items()}, "var": frozenset(variables)}


def _halves(content: str) -> tuple[str, str]:
    """Above and below the line; below begins with as many empty lines, so that its errors name their line."""
    lines = list(_LEARNER.finditer(content))
    if len(lines) != 1:
        said = _(
            "The line {%% learner %%} must stand in it once, and stands in it %(found)s times. Above it goes "
            "what is the same for all learners of a lesson, below it what is one learner's own."
        )
        second = content.count("\n", 0, lines[1].start()) + 1 if lines else None
        raise PromptError(said % {"found": len(lines)}, second)
    above, below = content[: lines[0].start()], content[lines[0].end() :]
    return above, "\n" * above.count("\n") + below


def _demand(prompt: Prompt | None, names: tuple[str, ...]) -> None:
    for name in names:
        if prompt is None or name not in prompt.used:
            said = _(
                "It does not use %(name)s, and without it no good text can be written. Add {{ %(name)s }}."
            )
            raise PromptError(said % {"name": name})


def _used(parts: Parts, variables: Variables) -> Variables:
    return {name: value for name, value in variables.items() if uses_variable(parts, name)}


@cache
def _former_digest() -> str:
    return _digest(former_prompt(), {})


def _digest(content: str, variables: Variables) -> str:
    return hashlib.sha256(f"{content}\x1f{variables_json(variables)}".encode(errors="replace")).hexdigest()
