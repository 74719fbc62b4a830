"""Sources that were too long for a model's window, condensed once for all learners of a lesson."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from courses.models import NOW, Lesson

CONDENSING = "condensing"  # the code of items that wait until their lesson is condensed
# As tokens.TOKENS, which stands above the models; a test holds the two together.
TOKENS = models.Func(
    "text",
    template="(greatest(2 * char_length(%(expressions)s) - octet_length(%(expressions)s), 0) * 3"
    " + (octet_length(%(expressions)s) - char_length(%(expressions)s)) * 6 + 9) / 10",
    output_field=models.IntegerField(),
)


class CondensedSource(models.Model):
    """One for a lesson, what its source said, in which language, a model, and a version of the prompt.
    Without text: not ready. With a text that is too long for today's window: to be condensed once more.

    `leader` and `lease_token`: the item in whose attempt it is condensed, as long as it holds that lease.
    `attempts`: how many failed since a part came back, or since a newer run has asked: `counted_from` is the
    time of that run's start. `error_code`: given up, at `available_at`; else it is tried again from then.
    `problem`: the code of why the last attempt failed. `part_count`: how many parts it has.
    """

    id = models.BigAutoField(primary_key=True)
    lesson = models.ForeignKey(
        Lesson,
        on_delete=models.DB_CASCADE,
        db_index=False,
        related_name="condensed",
        verbose_name=_("lesson"),
    )
    source_hash = models.TextField()
    language = models.TextField(_("language"))
    model = models.TextField(_("model"))
    prompt_version = models.TextField(_("prompt version"))
    source_tokens = models.IntegerField(_("tokens of the source"))
    text = models.TextField(_("condensed text"), null=True)
    text_tokens = models.GeneratedField(
        expression=TOKENS, output_field=models.IntegerField(null=True), db_persist=True
    )
    tag = models.TextField(null=True)  # MD5 of the text: part of a personal text's fingerprint
    leader = models.BigIntegerField(null=True)  # no foreign key: who is gone leads nothing
    lease_token = models.UUIDField(null=True)
    attempts = models.SmallIntegerField(db_default=0, default=0)
    counted_from = models.DateTimeField(null=True)
    part_count = models.IntegerField(db_default=0, default=0)
    problem = models.TextField(db_default="", default="", blank=True)
    available_at = models.DateTimeField(db_default=NOW)
    error_code = models.TextField(db_default="", default="", blank=True)
    error_message = models.TextField(db_default="", default="", blank=True)
    created_at = models.DateTimeField(_("created"), db_default=NOW, editable=False)
    finished_at = models.DateTimeField(_("condensed at"), null=True)

    class Meta:
        db_table = "condensed_sources"
        verbose_name = _("condensed source")
        verbose_name_plural = _("condensed sources")
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(
                fields=["lesson", "source_hash", "language", "model", "prompt_version"],
                name="condensed_sources_once",
            ),
            models.CheckConstraint(
                condition=Q(text__isnull=True, tag__isnull=True, finished_at__isnull=True)
                | Q(text__isnull=False, tag__isnull=False, finished_at__isnull=False),
                name="condensed_sources_ready",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id} {self.model}"


class CondensedPart(models.Model):
    """What came back for one part, kept the moment it is paid: whoever goes on takes it from here."""

    id = models.BigAutoField(primary_key=True)
    source = models.ForeignKey(
        CondensedSource, on_delete=models.DB_CASCADE, db_index=False, related_name="parts"
    )
    key = models.TextField()  # of the part and of how much it was to be condensed
    text = models.TextField()

    class Meta:
        db_table = "condensed_parts"
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["source", "key"], name="condensed_parts_once")]

    def __str__(self) -> str:
        return f"{self.source_id} {self.key}"
