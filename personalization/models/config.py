"""What editors set without a deploy: prompts, variables and settings, each an entry with a key."""

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pgtrigger import Before, Condition, Trigger, Update

from courses.models import NOW
from personalization.models.kept_values import keep_values

PROMPT, VARIABLE, SETTING = "prompt_", "var_", "system_"
DEFAULT_COACH = "default_coach"


class ConfigEntry(models.Model):
    """A text is kept as {"content": "…"}. Only variables can be public, and those only that are marked."""

    key = models.TextField(_("key"), primary_key=True)
    value = models.JSONField(_("value"))
    description = models.TextField(_("description"), blank=True, db_default="", default="")
    is_public = models.BooleanField(_("public"), db_default=False, default=False)
    created_at = models.DateTimeField(_("created"), db_default=NOW, editable=False)
    updated_at = models.DateTimeField(_("changed"), db_default=NOW, editable=False)

    class Meta:
        db_table = "app_config"
        verbose_name = _("configuration entry")
        verbose_name_plural = _("configuration entries")
        ordering = ["key"]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_public=False) | Q(key__startswith=VARIABLE), name="app_config_public_variables"
            )
        ]
        triggers = [
            Trigger(
                name="note_update",
                when=Before,
                operation=Update,
                condition=Condition("OLD.* IS DISTINCT FROM NEW.*"),
                func="NEW.updated_at = now(); RETURN NEW;",
            ),
            keep_values(),
        ]

    def __str__(self) -> str:
        return self.key


class _OfKeys(models.Manager[ConfigEntry]):
    """The entries whose key starts so."""

    def __init__(self, *prefixes: str) -> None:
        super().__init__()
        self._prefixes = prefixes

    def get_queryset(self) -> models.QuerySet[ConfigEntry]:
        chosen = Q()
        for prefix in self._prefixes:
            chosen |= Q(key__startswith=prefix)
        return super().get_queryset().filter(chosen)


class PromptEntry(ConfigEntry):
    """Prompts, with rights of their own."""

    objects: ClassVar[Any] = _OfKeys(PROMPT)

    class Meta:
        proxy = True
        verbose_name = _("prompt")
        verbose_name_plural = _("prompts")


class VariableEntry(ConfigEntry):
    """What prompts may name as `var.…`: a text {"content": "…"}, a number, true or false."""

    objects: ClassVar[Any] = _OfKeys(VARIABLE)

    class Meta:
        proxy = True
        verbose_name = _("variable")
        verbose_name_plural = _("variables")


class SettingEntry(ConfigEntry):
    """What each means, and what it may be, stands in services.settings."""

    objects: ClassVar[Any] = _OfKeys(SETTING, DEFAULT_COACH)

    class Meta:
        proxy = True
        verbose_name = _("setting")
        verbose_name_plural = _("settings")


class PromptVersion(models.Model):
    """A prompt as it was saved once. The live one is what the entry of its key holds; a draft never was live.

    number: per key, from 1; a text names it as `prompt_version`. `live_at`, `live_by`: the last time.
    """

    id = models.BigAutoField(primary_key=True)
    key = models.TextField(_("prompt"))
    number = models.IntegerField(_("version"))
    content = models.TextField(_("text"))
    note = models.TextField(_("note"), blank=True, db_default="", default="")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("author"),
    )
    is_draft = models.BooleanField(_("draft"), db_default=False, default=False)
    created_at = models.DateTimeField(_("saved"), db_default=NOW, editable=False)
    live_at = models.DateTimeField(_("went live"), null=True, blank=True, editable=False)
    live_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("made live by"),
    )

    class Meta:
        db_table = "prompt_versions"
        verbose_name = _("prompt version")
        verbose_name_plural = _("prompt versions")
        ordering = ["key", "-number"]
        constraints = [models.UniqueConstraint(fields=["key", "number"], name="prompt_versions_number")]

    def __str__(self) -> str:
        return f"{self.key} {self.number}"
