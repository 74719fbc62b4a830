"""What is known of a model's endpoint: how it wants to be asked. One worker finds out, all know it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from courses.models import NOW


class AnswerFormat(models.TextChoices):
    """How an answer's form is asked for; each endpoint gets the first of these that it takes."""

    JSON_SCHEMA = "json_schema", _("by JSON schema")
    JSON_OBJECT = "json_object", _("as any JSON object")
    TEXT = "text", _("in the prompt only")


class TokenLimit(models.TextChoices):
    """The parameter that limits an answer's length; each endpoint gets the first of these that it takes."""

    MAX_TOKENS = "max_tokens", "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens", "max_completion_tokens"
    NONE = "none", _("none")


class Endpoint(models.Model):
    """A row comes with the first answer; once it is deleted, the next request finds out anew."""

    id = models.BigAutoField(primary_key=True)
    base_url = models.TextField(_("address"))
    model = models.TextField(_("model"))
    answers = models.TextField(_("form of the answer is asked for"), choices=AnswerFormat)
    limit = models.TextField(_("parameter that limits the answer"), choices=TokenLimit)
    stream = models.BooleanField(_("answers only as a stream"), default=False)
    stream_usage = models.BooleanField(_("takes stream_options"), default=True)
    usage = models.BooleanField(_("reports usage"), default=True)
    fenced = models.BooleanField(_("answers in Markdown fences"), default=False)
    # The database's default as well: a worker of the release before still writes rows without it.
    thinks = models.BooleanField(_("thinks before it answers"), default=False, db_default=False)
    learned_at = models.DateTimeField(_("found out"), db_default=NOW)

    class Meta:
        db_table = "model_endpoints"
        verbose_name = _("model endpoint")
        verbose_name_plural = _("model endpoints")
        constraints = [
            models.UniqueConstraint(fields=["base_url", "model"], name="model_endpoints_one_per_model")
        ]

    def __str__(self) -> str:
        return f"{self.model}, {self.base_url}"
