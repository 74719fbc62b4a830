"""The ledger: every call to a model, what was reserved for it and what it cost."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from pgtrigger import Before, Condition, Trigger, UpdateOf

from courses.models import NOW
from personalization.models.call_totals import total_trigger
from personalization.models.costs import cost_trigger
from personalization.models.runs import GenerationItem, GenerationRun


class CallState(models.TextChoices):
    RESERVED = "reserved", _("under way")
    OK = "ok", _("good answer")
    BAD = "bad", _("answer that cannot be used")
    ERROR = "error", _("no answer")
    UNKNOWN = "unknown", _("nobody knows: its worker died")  # stays charged as reserved


FAILED = [CallState.BAD, CallState.ERROR, CallState.UNKNOWN]


class ModelCall(models.Model):
    """Written and committed before the call; settled once, and only while it is `reserved`.

    Item and run may be gone (null): the money was spent all the same.
    """

    id = models.BigAutoField(primary_key=True)
    item = models.ForeignKey(
        GenerationItem,
        on_delete=models.DB_SET_NULL,
        null=True,
        related_name="calls",
        verbose_name=_("item"),
    )
    run = models.ForeignKey(
        GenerationRun,
        on_delete=models.DB_SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
        verbose_name=_("run"),
    )
    rev = models.IntegerField(_("revision"))
    lease_token = models.UUIDField(_("lease token"))
    call_no = models.SmallIntegerField(_("call of this lease"))
    model = models.TextField(_("model"))
    prompt_version = models.TextField(_("prompt version"))
    fingerprint = models.TextField(_("fingerprint"))  # of the inputs that were sent
    reserved_micro = models.BigIntegerField(_("reserved"))
    actual_micro = models.BigIntegerField(_("cost"), null=True)
    input_tokens = models.IntegerField(_("input tokens"), db_default=0, default=0)
    cached_tokens = models.IntegerField(_("cached input tokens"), db_default=0, default=0)
    output_tokens = models.IntegerField(_("output tokens"), db_default=0, default=0)
    state = models.TextField(
        _("state"), choices=CallState, db_default=CallState.RESERVED, default=CallState.RESERVED
    )
    error_code = models.TextField(_("error"), db_default="", default="", blank=True)
    answer = models.JSONField(_("answer that is not published yet"), null=True)
    started_at = models.DateTimeField(_("started"), db_default=NOW)
    finished_at = models.DateTimeField(_("finished"), null=True)
    # Of the last request alone: from its start to its answer, without the waits for limiter and lesson.
    seconds = models.FloatField(_("seconds until the answer"), null=True)

    class Meta:
        db_table = "model_calls"
        verbose_name = _("model call")
        verbose_name_plural = _("model calls")
        constraints = [
            models.UniqueConstraint(fields=["lease_token", "call_no"], name="model_calls_once"),
            models.CheckConstraint(
                condition=Q(state=CallState.RESERVED, finished_at__isnull=True, actual_micro__isnull=True)
                | (~Q(state=CallState.RESERVED) & Q(finished_at__isnull=False, actual_micro__isnull=False)),
                name="model_calls_settled",
            ),
        ]
        indexes = [
            models.Index(fields=["started_at"], name="model_calls_started"),
            models.Index(fields=["run", "started_at"], name="model_calls_run"),
            models.Index(
                fields=["started_at"], condition=Q(state=CallState.RESERVED), name="model_calls_reserved"
            ),
            models.Index(fields=["item"], condition=Q(answer__isnull=False), name="model_calls_paid"),
            # The list in the admin, newest first: by model, and those of a million that went wrong.
            models.Index(fields=["model", "-id"], name="model_calls_model"),
            models.Index(fields=["state", "-id"], condition=Q(state__in=FAILED), name="model_calls_failed"),
        ]
        triggers = [
            # A learner who is erased takes along what was written for them; what it cost stays.
            Trigger(
                name="forget_answer",
                when=Before,
                operation=UpdateOf("item_id"),  # type: ignore[no-untyped-call]
                condition=Condition("NEW.item_id IS NULL"),
                func="NEW.answer = NULL; RETURN NEW;",
            ),
            cost_trigger(),
            total_trigger(),
        ]

    def __str__(self) -> str:
        return f"{self.pk}: {self.get_state_display()}"
