"""The queue: rows are the truth, a Celery message is only a doorbell."""

from django.conf import settings
from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from pgtrigger import After, Delete, Referencing, Statement, Trigger

from courses.models import NOW, Course, Lesson
from personalization.models.counts import count_triggers
from personalization.models.learners import Profile

RUN_GENERATION = "run_generation"  # the right to start and steer runs


class RunState(models.TextChoices):
    OPEN = "open", _("open")
    PAUSED = "paused", _("paused")
    CANCELLED = "cancelled", _("cancelled")
    CLOSED = "closed", _("closed")


class ItemState(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    HELD = "held", _("held")
    SUBMITTED = "submitted", _("submitted")
    DONE = "done", _("done")
    UNCHANGED = "unchanged", _("unchanged")
    SKIPPED = "skipped", _("skipped")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


ENDED = [ItemState.DONE, ItemState.UNCHANGED, ItemState.SKIPPED, ItemState.FAILED, ItemState.CANCELLED]
UNENDED = [state for state in ItemState if state not in ENDED]
UNENDED_SQL = "({})".format(", ".join(f"'{state.value}'" for state in UNENDED))  # state IN …


class Kind(models.TextChoices):
    PERSONALIZE = "personalize", _("personal texts")
    TEMPLATES = "templates", _("standard descriptions")


class Backend(models.TextChoices):
    OPENAI = "openai", _("language model")
    SIMPLE = "simple", _("simple writer")


class Pilot(models.TextChoices):
    """How far a run's pilot is: its first items are written, and seen by nobody before they are accepted."""

    NONE = "", _("no pilot")
    WRITING = "writing", _("pilot is being written")
    WAITING = "waiting", _("pilot waits for a look")
    ACCEPTED = "accepted", _("pilot was accepted")


PRIORITY = 5
PILOT_PRIORITY = 1  # of the items that a pilot writes first; while it does, no other is claimed
PUBLISHED_PRIORITY = 2  # of a description that is saved: its file comes before the next lesson's call


class GenerationRun(models.Model):
    id = models.UUIDField(_("ID"), primary_key=True, db_default=RandomUUID(), editable=False)
    kind = models.TextField(_("kind"), choices=Kind, default=Kind.PERSONALIZE)
    state = models.TextField(_("state"), choices=RunState, default=RunState.OPEN)
    note = models.TextField(_("note"), default="", blank=True, help_text=_("Why the run was paused."))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("requested by"),
    )
    idempotency_key = models.TextField(_("idempotency key"), null=True, blank=True)  # not asked for
    course = models.ForeignKey(
        Course,
        on_delete=models.DB_SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("course"),
        help_text=_("Empty: each learner's own course, or the lessons of several."),
    )
    backend = models.TextField(_("backend"), choices=Backend)
    options = models.JSONField(_("options"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), db_default=NOW, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, blank=True)
    pilot = models.TextField(_("pilot"), choices=Pilot, db_default="", default="", blank=True)
    # Money in millionths of the price table's currency. Never more is reserved and spent than the budget.
    budget_micro = models.BigIntegerField(_("budget"), null=True, blank=True)  # no limit
    reserved_micro = models.BigIntegerField(_("reserved"), db_default=0, default=0, editable=False)
    spent_micro = models.BigIntegerField(_("spent"), db_default=0, default=0, editable=False)
    # So many times what was reserved for it has the dearest of its calls cost, and others may: 1 at least.
    # What stands in the rows as reserved is without it.
    overrun = models.FloatField(db_default=1.0, default=1.0, editable=False)
    estimate_micro = models.BigIntegerField(_("estimated cost"), null=True, blank=True, editable=False)
    # Sums over the settled calls, kept with the money: a run of a million calls is not added up to show them.
    calls = models.BigIntegerField(_("calls"), db_default=0, default=0, editable=False)
    input_tokens = models.BigIntegerField(_("input tokens"), db_default=0, default=0, editable=False)
    cached_tokens = models.BigIntegerField(_("cached input tokens"), db_default=0, default=0, editable=False)
    output_tokens = models.BigIntegerField(_("output tokens"), db_default=0, default=0, editable=False)

    class Meta:
        db_table = "generation_runs"
        verbose_name = _("run")
        verbose_name_plural = _("runs")
        ordering = ["-created_at"]
        permissions = [(RUN_GENERATION, "Can start and steer runs")]
        constraints = [
            models.UniqueConstraint(
                fields=["requested_by", "idempotency_key"],
                condition=Q(idempotency_key__isnull=False),
                nulls_distinct=False,
                name="generation_runs_one_per_key",
            ),
            models.CheckConstraint(
                condition=Q(reserved_micro__gte=0, spent_micro__gte=0), name="generation_runs_money"
            ),
        ]
        indexes = [
            models.Index(fields=["-created_at"], name="generation_runs_created_idx"),
            # Every claim and every sweep looks for them, among all runs there ever were.
            models.Index(
                fields=["state"],
                condition=Q(state__in=[RunState.OPEN, RunState.PAUSED, RunState.CANCELLED]),
                name="generation_runs_at_work",
            ),
        ]
        triggers = [
            # In the place of a foreign key of items' next_run_id.
            Trigger(
                name="forget_next",
                level=Statement,
                when=After,
                operation=Delete,
                referencing=Referencing(old="old_rows"),  # type: ignore[no-untyped-call]
                func="UPDATE generation_items SET next_run_id = NULL"
                " WHERE next_run_id IN (SELECT id FROM old_rows); RETURN NULL;",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def to_write(self) -> int | None:
        """How many of its texts were to be written when it was started; None: nobody has counted them."""
        count: int | None = self.options.get("to_write")
        return count


class KeptTimeline(models.Model):
    """How a run went that has ended: counted once, and not with each look. A row of its own: nobody who looks
    waits for a worker, or makes one wait."""

    run = models.OneToOneField(GenerationRun, on_delete=models.DB_CASCADE, primary_key=True, related_name="+")
    of = models.TextField()  # the run as it was counted; once it differs, the row is of no use
    line = models.JSONField()

    class Meta:
        db_table = "generation_timelines"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.pk)


class GenerationItem(models.Model):
    id = models.BigAutoField(primary_key=True)
    run = models.ForeignKey(
        GenerationRun, models.DB_CASCADE, db_index=False, related_name="items", verbose_name=_("run")
    )
    # As the run's: it says whether the item is of a learner and a lesson, or of the lesson alone.
    kind = models.TextField(_("kind"), choices=Kind, db_default=Kind.PERSONALIZE, default=Kind.PERSONALIZE)
    profile = models.ForeignKey(
        Profile, on_delete=models.DB_CASCADE, null=True, related_name="+", verbose_name=_("learner")
    )
    lesson = models.ForeignKey(
        Lesson, on_delete=models.DB_CASCADE, related_name="+", verbose_name=_("lesson")
    )
    state = models.TextField(
        _("state"), choices=ItemState, db_default=ItemState.QUEUED, default=ItemState.QUEUED
    )
    priority = models.SmallIntegerField(_("priority"), db_default=PRIORITY, default=PRIORITY)
    wanted_rev = models.IntegerField(_("wanted revision"), db_default=1, default=1)
    claimed_rev = models.IntegerField(_("claimed revision"), null=True, blank=True)
    # Of an item that runs: the newest run that has asked for it meanwhile, and gets it when the attempt ends.
    # No foreign key: a million items would each be checked for the few that run.
    next_run_id = models.UUIDField(_("next run"), null=True, blank=True, editable=False)
    next_priority = models.SmallIntegerField(null=True, editable=False)  # there: its pilot may lack others
    attempts = models.SmallIntegerField(_("attempts"), db_default=0, default=0)
    max_attempts = models.SmallIntegerField(_("attempts at most"), db_default=6, default=6)
    available_at = models.DateTimeField(_("not before"), db_default=NOW)
    lease_token = models.UUIDField(_("lease token"), null=True, blank=True)
    lease_until = models.DateTimeField(_("lease until"), null=True, blank=True)
    leased_by = models.TextField(_("leased by"), null=True, blank=True)  # nobody
    error_code = models.TextField(_("error"), db_default="", default="", blank=True)
    error_message = models.TextField(_("what happened"), db_default="", default="", blank=True)
    fingerprint = models.TextField(_("fingerprint"), null=True, blank=True)  # not written
    # Of a lesson: the store whose file is written, too. Null: none, or the run's, from an earlier release.
    # With the item, for it goes over to a newer ask, and whoever wanted a file still does.
    store = models.TextField(null=True, blank=True, editable=False)
    # Held by the budget: what the next call may cost: queued when so much is left, it keeps that.
    needs_micro = models.BigIntegerField(_("may cost"), null=True, blank=True, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        db_table = "generation_items"
        verbose_name = _("item")
        verbose_name_plural = _("items")
        constraints = [
            models.CheckConstraint(
                name="generation_items_leased_while_running",
                condition=Q(
                    state=ItemState.RUNNING,
                    lease_token__isnull=False,
                    lease_until__isnull=False,
                    claimed_rev__isnull=False,
                )
                | (~Q(state=ItemState.RUNNING) & Q(lease_token__isnull=True, lease_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="generation_items_finished_when_ended",
                condition=Q(state__in=ENDED, finished_at__isnull=False)
                | (~Q(state__in=ENDED) & Q(finished_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="generation_items_attempts_counted",
                condition=Q(attempts__gte=0, attempts__lte=F("max_attempts")),
            ),
            models.CheckConstraint(
                name="generation_items_of_whom",
                condition=Q(kind=Kind.PERSONALIZE, profile__isnull=False)
                | Q(kind=Kind.TEMPLATES, profile__isnull=True),
            ),
            # Asking again while an item is open raises its wanted_rev instead of writing a text twice.
            models.UniqueConstraint(
                fields=["profile", "lesson"], condition=Q(state__in=UNENDED), name="generation_items_one_open"
            ),
            models.UniqueConstraint(
                fields=["lesson"],
                condition=Q(kind=Kind.TEMPLATES, state__in=UNENDED),
                name="generation_items_one_template",
            ),
        ]
        indexes = [
            # By run first: else a paused run of a million items stands before every claim of another.
            models.Index(
                fields=["run", "priority", "available_at", "id"],
                condition=Q(state=ItemState.QUEUED),
                name="generation_items_due",
            ),
            # When the first is due, whatever its priority, of a million: asked by each sweep and by /readyz.
            models.Index(
                fields=["run", "available_at"],
                condition=Q(state=ItemState.QUEUED),
                name="generation_items_next_due",
            ),
            models.Index(
                fields=["run", "finished_at"],
                condition=Q(finished_at__isnull=False),
                name="generation_items_finished",
            ),
            models.Index(
                fields=["lease_until"], condition=Q(state=ItemState.RUNNING), name="generation_items_lease"
            ),
            models.Index(fields=["run", "state"], name="generation_items_run"),
            # A run whose items all ended stays open while some are on their way to it.
            models.Index(
                fields=["next_run_id"],
                condition=Q(next_run_id__isnull=False),
                name="generation_items_next_run",
            ),
            # The cheapest call that waits for money, of a million items that do not: each claim asks for it.
            models.Index(
                fields=["run", "needs_micro"],
                condition=Q(state=ItemState.QUEUED, needs_micro__isnull=False),
                name="generation_items_released",
            ),
            # An example for each kind of error, without reading a million items that have none.
            models.Index(
                fields=["run", "error_code"], condition=~Q(error_code=""), name="generation_items_errors"
            ),
        ]
        triggers = count_triggers()

    def __str__(self) -> str:
        return f"{self.pk}: {self.get_state_display()}"

    @property
    def learner(self) -> Profile:
        """Of an item that has one; raises ValueError for one of a lesson alone."""
        if self.profile is None:
            raise ValueError("an item of a lesson has no learner")
        return self.profile
