"""Variables of app_config: values that prompts name as `var.…`, each a text, a number, or yes or no."""

import math
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.errors import ChangedMeanwhile
from personalization.live_prompts import config_state, live_prompts, live_variables, plain_value
from personalization.models import PromptEntry, VariableEntry
from personalization.models.config import VARIABLE
from personalization.personal_prompt import parsed, uses_variable, variables_json
from personalization.prompt_engine import PromptError
from personalization.secret_marks import secret_name_problem, secret_problem
from personalization.services.config_lock import lock_config
from personalization.services.prompt_effects import Effect, effect_on_descriptions, effect_on_texts
from personalization.services.prompt_sample import check_with_variables
from personalization.services.settings import ConfigRefused

LONGEST_VALUE = 20_000  # characters
_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
TAKEN = gettext_lazy("There is a variable of this name already. Change it, or take another.")
_LARGEST = 1e15  # beyond it a JSON number is not exact any more


class Kind(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    YES_NO = "yes_no"


def kind_of(value: Any) -> Kind:
    if isinstance(value, bool):
        return Kind.YES_NO
    return Kind.NUMBER if isinstance(value, int | float) else Kind.TEXT


def variable_value(kind: str, text: str) -> Any:
    """What is stored for what was typed: {"content": "…"}, a number, true or false. Raises ConfigRefused."""
    if kind == Kind.YES_NO:
        if text not in ("yes", "no"):
            raise ConfigRefused(_("Choose yes or no."))
        return text == "yes"
    if kind == Kind.NUMBER:
        return _number(text.strip())
    if "\0" in text:
        raise ConfigRefused(_("It has a NUL character. Remove it."))
    if len(text) > LONGEST_VALUE:
        raise ConfigRefused(
            _("It has %(found)s characters; at most %(most)s are allowed. Shorten it.")
            % {"found": len(text), "most": LONGEST_VALUE}
        )
    if problem := secret_problem(text):
        raise ConfigRefused(problem)
    return {"content": text.replace("\r\n", "\n")}


def new_variable(*, name: str, value: Any, description: str = "", is_public: bool = False) -> VariableEntry:
    """The entry. `name` is without its prefix. Raises ConfigRefused."""
    check_new_name(name)
    check_words(description)
    fields = {"value": value, "description": description, "is_public": is_public}
    try:
        with transaction.atomic():
            made: VariableEntry = VariableEntry.objects.create(key=VARIABLE + name, **fields)
            return made
    except IntegrityError as error:
        raise ConfigRefused(TAKEN) from error


def check_new_name(name: str) -> None:
    """Raises ConfigRefused for a name that a variable cannot have, or another one has."""
    if not _NAME.fullmatch(name):
        raise ConfigRefused(
            _(
                "A name has small Latin letters, digits and underscores, and begins with a letter, such as "
                "signature_line."
            )
        )
    if problem := secret_name_problem(name):
        raise ConfigRefused(problem)
    if VariableEntry.objects.filter(pk=VARIABLE + name).exists():
        raise ConfigRefused(TAKEN)


def check_words(text: str) -> None:
    """Raises ConfigRefused for what looks like a secret."""
    if problem := secret_problem(text):
        raise ConfigRefused(problem)


@dataclass(frozen=True, slots=True)
class Tried:
    """A value that live prompts were filled in with. `state`: what prompts and variables said then;
    `problem`: why the value cannot be used, "" where it can."""

    packed: str
    state: str
    problem: str

    def is_of(self, name: str, value: Any) -> bool:
        return self.packed == variables_json({name: value})


def try_in_prompts(name: str, value: Any) -> Tried:
    """It may take a while: called before the transaction in which the value is saved."""
    state, problem = config_state(), ""
    try:
        check_in_prompts(name, value)
    except ConfigRefused as refused:
        problem = str(refused)
    return Tried(variables_json({name: value}), state, problem)


def save_variable(*, entry: VariableEntry, tried: Tried | None = None, **fields: Any) -> VariableEntry:
    """The entry with new fields: value, description, is_public. `tried`: of the value, by the caller.

    Raises ConfigRefused, also where a live prompt cannot be filled in with the value, and ChangedMeanwhile.
    """
    check_words(fields.get("description", ""))
    name = entry.key.removeprefix(VARIABLE)
    if "value" in fields and not (tried and tried.is_of(name, fields["value"])):
        tried = try_in_prompts(name, fields["value"])
    with transaction.atomic():
        lock_config()
        # Again only where a version went live since, or another variable changed.
        if tried and "value" in fields and config_state() != tried.state:
            check_in_prompts(name, fields["value"])
        elif tried and tried.problem:
            raise ConfigRefused(tried.problem)
        if not VariableEntry.objects.filter(pk=entry.pk).update(**fields):
            raise ChangedMeanwhile
    for field, value in fields.items():
        setattr(entry, field, value)
    return entry


def delete_variable(*, entry: VariableEntry) -> None:
    """Raises ConfigRefused where a live prompt uses it."""
    with transaction.atomic():
        lock_config()  # a version that uses it goes live before, and is found, or after, and is refused
        if users := prompts_with(entry.key.removeprefix(VARIABLE)):
            said = _("It stands in: %(prompts)s. Take it out there first.")
            raise ConfigRefused(said % {"prompts": ", ".join(users)})
        entry.delete()


def prompts_with(name: str) -> list[str]:
    """Keys of the live prompts that use the variable."""
    variables = live_variables()
    found = []
    for key, value in PromptEntry.objects.order_by("key").values_list("key", "value"):
        content = value.get("content") if isinstance(value, dict) else None
        try:
            parts = parsed(key, content if isinstance(content, str) else "", variables)
        except PromptError:
            continue  # what cannot be used uses nothing
        if uses_variable(parts, name):
            found.append(key)
    return found


def check_in_prompts(name: str, value: Any) -> None:
    """Raises ConfigRefused, with prompt and line, where a live prompt that uses the variable could not
    be filled in for a sample."""
    for key in prompts_with(name):
        try:
            check_with_variables(key, {name: plain_value(value)})
        except PromptError as error:
            said = _("With this value the prompt %(prompt)s could not be used. %(problem)s")
            raise ConfigRefused(said % {"prompt": key, "problem": error}) from error


def effects_of(name: str, value: Any) -> tuple[Effect, Effect]:
    """What the value would do: to texts, and to standard descriptions."""
    then = live_prompts(variables={name: plain_value(value)})
    return effect_on_texts(then), effect_on_descriptions(then)


def _number(text: str) -> int | float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        value = math.nan
    if not abs(value) <= _LARGEST:  # also of what is no number
        raise ConfigRefused(_("Write a number, such as 20 or 1.5."))
    return int(value) if value == int(value) else value
