"""What editors write: the four course tables, as the production database has them, and what 0002 adds."""

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import MD5, Cast, Length
from django.utils.translation import gettext_lazy as _
from pgtrigger import Before, Condition, Insert, Trigger, Update, UpdateOf

from courses.formats.definition import Language, LessonSource
from courses.history import reason  # noqa: F401  importing lets every connection say why it writes
from courses.history.triggers import history_triggers

SEPARATOR = models.Value("\x1f", models.TextField())  # a character that no text of ours holds
EMPTY = models.Value("", models.TextField())
# All texts of a description, wherever they stand in it: a list of them as JSON.
SAID = models.Func(
    "data",
    models.Value('strict $.** ? (@.type() == "string")'),
    function="jsonb_path_query_array",
    template="%(function)s(%(expressions)s::jsonpath)",
    output_field=models.JSONField(),
)
NOW = models.Func(function="now", output_field=models.DateTimeField())

TIMESTAMPS = Trigger(
    name="set_timestamps",
    when=Before,
    operation=Insert | Update,
    func="""
                    IF TG_OP = 'UPDATE' THEN
                        NEW.created_at = OLD.created_at;
                    ELSIF NEW.created_at IS NULL THEN
                        NEW.created_at = now();
                    END IF;
                    RETURN NEW;
                """,
)


class DatabaseTimestamps(models.Model):
    """Base of the six original tables: id and created_at come from the database, whoever writes.

    The trigger makes created_at the database's own: filled when an insert leaves it null, never changed by
    an update, so that a client, a raw SQL script and COPY all get the same. The other triggers keep every
    change of a row, see `Change`.
    """

    id = models.UUIDField(_("ID"), primary_key=True, db_default=RandomUUID(), editable=False)
    created_at = models.DateTimeField(_("created"), db_default=NOW, editable=False)

    class Meta:
        abstract = True
        triggers = [TIMESTAMPS, *history_triggers()]


# The same for tables that are written a hundred thousand rows at a time: the conditions keep the functions
# from being called where they would change nothing. A call for each row is half of what an insert takes.
RARE_TIMESTAMPS = [
    Trigger(
        name="set_timestamps",
        when=Before,
        operation=Insert,
        condition=Condition("NEW.created_at IS NULL"),
        func="NEW.created_at = now(); RETURN NEW;",
    ),
    Trigger(
        name="keep_timestamps",
        when=Before,
        operation=Update,
        condition=Condition("NEW.created_at IS DISTINCT FROM OLD.created_at"),
        func="NEW.created_at = OLD.created_at; RETURN NEW;",
    ),
]


class Course(DatabaseTimestamps):
    slug = models.TextField(_("slug"), help_text=_("The course's name in links and in its store folder."))
    title = models.TextField(_("title"))
    description = models.TextField(_("description"), null=True, blank=True)
    language = models.TextField(
        _("language"),
        choices=[(Language.RUSSIAN.value, _("Russian")), (Language.ENGLISH.value, _("English"))],
        db_default=Language.RUSSIAN.value,
        default=Language.RUSSIAN.value,
        help_text=_("The language that headings and personal texts are written in."),
    )
    personal_format = models.TextField(
        _("format of personal texts"),
        choices=[("personal", _("five sections")), ("extended", _("seven sections"))],
        db_default="personal",
        default="personal",
        help_text=_("Which sections the personal texts of this course are written in."),
    )
    lesson_source = models.TextField(
        _("source of personal texts"),
        choices=[
            (LessonSource.TRANSCRIPT.value, _("transcripts")),
            (LessonSource.TEMPLATE.value, _("standard descriptions")),
        ],
        db_default=LessonSource.TRANSCRIPT.value,
        default=LessonSource.TRANSCRIPT.value,
        help_text=_("What of a lesson its personal texts are written from."),
    )
    content = models.JSONField(_("other data from the store"), null=True, blank=True)

    class Meta(DatabaseTimestamps.Meta):
        db_table = "courses"
        verbose_name = _("course")
        verbose_name_plural = _("courses")
        ordering = ["title"]
        constraints = [models.UniqueConstraint(fields=["slug"], name="courses_slug_key")]

    def __str__(self) -> str:
        return self.title


class CourseStore(models.Model):
    """The store that a course was imported from last: where its files are written, too."""

    course = models.OneToOneField(
        Course, on_delete=models.DB_CASCADE, primary_key=True, related_name="store", verbose_name=_("course")
    )
    path = models.TextField(_("path"))

    class Meta:
        db_table = "course_stores"
        default_permissions = ()

    def __str__(self) -> str:
        return self.path


class Lesson(DatabaseTimestamps):
    course = models.ForeignKey(
        Course, on_delete=models.DB_CASCADE, db_index=False, related_name="lessons", verbose_name=_("course")
    )
    lesson_number = models.IntegerField(_("number"))
    title = models.TextField(_("title"))
    summary = models.TextField(_("summary"), null=True, blank=True)
    content = models.JSONField(_("other data from the store"), null=True, blank=True)
    transcript = models.TextField(_("transcript"), db_default="", default="", blank=True)
    # Half of a text's fingerprint. The trigger below computes it, whatever a client sends, so that COPY and
    # raw SQL cannot leave it behind. As a generated column it would be computed at every update, because the
    # table has a trigger before updates: 0.4 ms a row with a long transcript, for a new number too.
    source_hash = models.TextField(db_default="", editable=False)

    class Meta(DatabaseTimestamps.Meta):
        db_table = "lessons"
        verbose_name = _("lesson")
        verbose_name_plural = _("lessons")
        ordering = ["course", "lesson_number"]
        constraints = [
            models.UniqueConstraint(
                fields=["course", "lesson_number"], name="lessons_course_id_lesson_number_key"
            )
        ]
        triggers = [
            TIMESTAMPS,
            *history_triggers(hashes={"transcript": "source_hash"}),
            Trigger(
                name="set_source_hash",
                when=Before,
                operation=Insert | UpdateOf("title", "summary", "transcript", "source_hash"),  # type: ignore[no-untyped-call]
                func=r"""
                    NEW.source_hash = md5(
                        NEW.title || E'\x1f' || coalesce(NEW.summary, '') || E'\x1f' || NEW.transcript
                    );
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_number}. {self.title}"


class LessonDescription(DatabaseTimestamps):
    """Where its words come from is not kept as a version, so no part of it comes back with an old one."""

    lesson = models.OneToOneField(
        Lesson, on_delete=models.DB_CASCADE, related_name="description", verbose_name=_("lesson")
    )
    data = models.JSONField(_("description"))
    # For texts that are written from it: what they are stale by, and how many characters it says.
    data_hash = models.GeneratedField(
        expression=MD5(Cast("data", models.TextField())), output_field=models.TextField(), db_persist=True
    )
    said_length = models.GeneratedField(
        expression=Length(Cast(SAID, models.TextField())),
        output_field=models.IntegerField(),
        db_persist=True,
    )
    # Set where a model wrote `data`: which one, by which prompt, from what (the brief's fingerprint), when.
    model = models.TextField(_("model"), db_default="", default="", editable=False)
    prompt_version = models.TextField(_("prompt version"), db_default="", default="", editable=False)
    fingerprint = models.TextField(_("fingerprint"), null=True, editable=False)
    written_from = models.TextField(_("written from"), db_default="", default="", editable=False)
    generated_at = models.DateTimeField(_("generated"), null=True, editable=False)
    edited_at = models.DateTimeField(_("edited"), null=True, editable=False)  # by an editor: runs leave it

    class Meta(DatabaseTimestamps.Meta):
        db_table = "lesson_descriptions"
        verbose_name = _("standard description")
        verbose_name_plural = _("standard descriptions")
        triggers = [
            *DatabaseTimestamps.Meta.triggers,
            # An import, or raw SQL: other words are neither the model's nor the editor's any more.
            Trigger(
                name="forget_origin",
                when=Before,
                operation=UpdateOf("data"),  # type: ignore[no-untyped-call]
                condition=Condition(
                    "NEW.data IS DISTINCT FROM OLD.data"
                    " AND NEW.generated_at IS NOT DISTINCT FROM OLD.generated_at"
                    " AND NEW.edited_at IS NOT DISTINCT FROM OLD.edited_at"
                ),
                func="""
                    NEW.model = ''; NEW.prompt_version = ''; NEW.fingerprint = NULL;
                    NEW.written_from = ''; NEW.generated_at = NULL; NEW.edited_at = NULL;
                    RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return str(_("standard description"))


class LessonAsset(DatabaseTimestamps):
    lesson = models.ForeignKey(
        Lesson, on_delete=models.DB_CASCADE, db_index=False, related_name="assets", verbose_name=_("lesson")
    )
    asset_type = models.TextField(_("type"))
    url = models.TextField(_("address or path"))
    metadata = models.JSONField(_("other data from the store"), null=True, blank=True)

    class Meta(DatabaseTimestamps.Meta):
        db_table = "lesson_assets"
        verbose_name = _("asset")
        verbose_name_plural = _("assets")
        ordering = ["asset_type", "url"]
        constraints = [
            models.UniqueConstraint(
                fields=["lesson", "asset_type", "url"], name="lesson_assets_lesson_id_asset_type_url_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.asset_type}: {self.url}"


class ChangeKind(models.TextChoices):
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class Change(models.Model):
    """A change of a row of the six tables, kept by a trigger of its table, whatever made it.

    `before`: of an update the old values of the columns that changed, of a delete the whole old row. Going
    back from the live row through them gives every version. Rows are only added; nothing of ours updates one.
    """

    id = models.BigAutoField(primary_key=True)
    table_name = models.TextField()
    row_id = models.UUIDField()
    kind = models.TextField(choices=ChangeKind)
    before = models.JSONField(null=True)
    at = models.DateTimeField()
    transaction = models.BigIntegerField()  # what was changed together, and what a deletion took along
    context = models.ForeignKey(
        "pghistory.Context",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        db_index=False,
        null=True,
        related_name="+",
    )
    database_user = models.TextField(null=True)  # of a change from outside the application

    class Meta:
        db_table = "changes"
        default_permissions = ()
        indexes = [
            models.Index(fields=["row_id", "id"], name="changes_of_row"),
            models.Index(
                fields=["table_name", "id"], condition=models.Q(kind="delete"), name="changes_deleted"
            ),
            # What belonged to a lesson once: few of the changes say, for most are of texts that were written.
            models.Index(
                KeyTextTransform("lesson_id", "before"),
                condition=models.Q(before__has_key="lesson_id"),
                name="changes_of_lesson",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.table_name} {self.row_id}"
