"""Settings of app_config: what each means, and what it may be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.errors import ChangedMeanwhile
from personalization.models import Coach, SettingEntry
from personalization.models.config import DEFAULT_COACH

SAMPLE_LESSONS = "system_sample_lessons"
SAMPLE_LEARNERS = "system_sample_learners"
MOST_SAMPLED = 200


class ConfigRefused(ValueError):
    """An entry cannot be as it was given. `str()` says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Setting:
    """`read`: what was typed → the value; raises ConfigRefused. `choices`: what there is to choose from, as
    (typed, shown); None: it is typed in."""

    key: str
    label: Any
    about: Any
    default: Any
    read: Callable[[str], Any]
    typed: Callable[[Any], str] = str
    choices: Callable[[], list[tuple[str, str]]] | None = None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST_SAMPLED):
        raise ConfigRefused(_("Write a whole number from 1 to %(most)s.") % {"most": MOST_SAMPLED})
    return int(text)


def _coach(text: str) -> dict[str, str | None]:
    if not text:
        return {"default_coach_id": None}
    try:
        coach = Coach.objects.filter(pk=UUID(text)).first()
    except (ValueError, ValidationError):
        coach = None
    if coach is None or not coach.is_active:
        raise ConfigRefused(_("This coach is not active, or was deleted. Choose another, or nobody."))
    return {"default_coach_id": str(coach.pk)}


def _coaches() -> list[tuple[str, str]]:
    active = Coach.objects.filter(is_active=True).values_list("pk", "name")
    return [("", _("– nobody: a neutral voice –")), *((str(pk), name) for pk, name in active)]


SETTINGS = {
    setting.key: setting
    for setting in (
        Setting(
            SAMPLE_LESSONS,
            gettext_lazy("Lessons that a prompt is tried with"),
            gettext_lazy(
                "Before a prompt is saved it is filled in for so many lessons, the longest among them."
            ),
            20,
            _number,
        ),
        Setting(
            SAMPLE_LEARNERS,
            gettext_lazy("Learners that a prompt is tried with"),
            gettext_lazy("Before a prompt is saved it is filled in for so many learners."),
            20,
            _number,
        ),
        Setting(
            DEFAULT_COACH,
            gettext_lazy("Default coach"),
            gettext_lazy(
                "Speaks in the courses that name no coach. Where the voice changes, texts become stale."
            ),
            {"default_coach_id": None},
            _coach,
            lambda value: str(value.get("default_coach_id") or "") if isinstance(value, dict) else "",
            _coaches,
        ),
    )
}


def setting_value(key: str) -> Any:
    """As it is set; the default where it is not, or where SQL has made something else of it."""
    setting = SETTINGS[key]
    found = SettingEntry.objects.filter(pk=key).values_list("value", flat=True).first()
    try:
        return setting.default if found is None else setting.read(setting.typed(found))
    except ConfigRefused:
        return setting.default


def save_setting(*, entry: SettingEntry, text: str) -> SettingEntry:
    """The entry with what was typed. Raises ConfigRefused, and ChangedMeanwhile where it is gone."""
    setting = SETTINGS.get(entry.key)
    if setting is None:
        raise ConfigRefused(_("This version knows no setting of this name: nothing would use it."))
    entry.value = setting.read(text.strip())
    if not SettingEntry.objects.filter(pk=entry.pk).update(value=entry.value):
        raise ChangedMeanwhile
    return entry
