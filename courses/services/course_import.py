"""Courses from a store: staged, compared, written. Everything in the order that foreign keys want."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from uuid import UUID

from django.db import connection

from courses.course_folder.agreement import Agreement
from courses.course_folder.contents import read_descriptions, read_transcripts
from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder
from courses.course_folder.plan import CoursePlan
from courses.course_folder.report import Counts
from courses.course_folder.schemas.lesson import LessonFile
from courses.course_folder.snapshot import Known, Snapshot
from courses.course_folder.words import Stems
from courses.services.numbering import RENUMBER
from courses.services.staging import Staged, Upsert, copy_rows

type Row = tuple[object, ...]

MOST_NAMED = 20  # lessons, in a warning

COURSES = Staged(
    "staged_courses",
    {
        "slug": "text",
        "title": "text",
        "description": "text",
        "language": "text",
        "personal_format": "text",
        "lesson_source": "text",
        "content": "jsonb",
    },
)
LESSONS = Staged(
    "staged_lessons",
    {
        "course_slug": "text",
        "id": "uuid",
        "lesson_number": "int",
        "title": "text",
        "summary": "text",
        "content": "jsonb",
        "transcript": "text",
        "source_hash": "text",
    },
)
# `seen`: the hash of the lesson's description as the import found it.
DESCRIPTIONS = Staged(
    "staged_descriptions",
    {"course_slug": "text", "lesson_id": "uuid", "data": "jsonb", "seen": "text"},
    looked_up="lesson_id",
)
ASSETS = Staged(
    "staged_assets",
    {"course_slug": "text", "lesson_id": "uuid", "asset_type": "text", "url": "text", "metadata": "jsonb"},
)
COURSE_TABLES = (COURSES, LESSONS, DESCRIPTIONS, ASSETS)
DESCRIPTION_TABLE = "lesson_descriptions"
_MOVING = "moving"  # no hash: whatever the database says, it has changed

# What a store does not say (null here) stays as it is: a missing summary or transcript deletes nothing.
_UPSERTS = (
    Upsert(
        "courses",
        """
        SELECT s.slug, s.title, s.language, s.content,
               coalesce(s.personal_format, c.personal_format, 'personal') AS personal_format,
               coalesce(s.lesson_source, c.lesson_source, 'transcript') AS lesson_source,
               CASE WHEN s.description IS NULL THEN c.description
                    ELSE nullif(s.description, '') END AS description
        FROM staged_courses s LEFT JOIN courses c USING (slug) WHERE s.slug = %(course)s
        """,
        key=("slug",),
        values=("title", "description", "language", "personal_format", "lesson_source", "content"),
    ),
    Upsert(
        "lessons",
        """
        SELECT s.id, c.id AS course_id, s.lesson_number, s.title, s.content,
               CASE WHEN s.summary IS NULL THEN l.summary ELSE nullif(s.summary, '') END AS summary,
               coalesce(s.transcript, l.transcript, '') AS transcript,
               coalesce(s.source_hash, l.source_hash) AS source_hash
        FROM staged_lessons s LEFT JOIN courses c ON c.slug = s.course_slug LEFT JOIN lessons l ON l.id = s.id
        WHERE s.course_slug = %(course)s
        """,
        key=("id",),
        # Not the number: ON CONFLICT locks a row against new texts where a unique column stands among these.
        values=("title", "summary", "content", "transcript"),
        once=("course_id", "lesson_number"),
        compared=("lesson_number", "title", "summary", "content", "source_hash"),
    ),
    # What a run or an editor has written since the import looked stays: its file was read before that.
    Upsert(
        DESCRIPTION_TABLE,
        """
        SELECT s.lesson_id, s.data
        FROM staged_descriptions s LEFT JOIN lesson_descriptions d USING (lesson_id)
        WHERE s.course_slug = %(course)s
          AND (d.id IS NULL OR d.data_hash IS NOT DISTINCT FROM s.seen OR d.data = s.data)
        """,
        key=("lesson_id",),
        values=("data",),
        unless="""
        lesson_descriptions.data_hash IS DISTINCT FROM (
            SELECT seen FROM staged_descriptions WHERE lesson_id = excluded.lesson_id)
        """,
    ),
    Upsert(
        "lesson_assets",
        "SELECT lesson_id, asset_type, url, metadata FROM staged_assets WHERE course_slug = %(course)s",
        key=("lesson_id", "asset_type", "url"),
        values=("metadata",),
    ),
)

_KEPT = """
    SELECT l.lesson_number
    FROM staged_descriptions s JOIN lesson_descriptions d USING (lesson_id)
    JOIN lessons l ON l.id = s.lesson_id
    WHERE s.course_slug = %s AND d.data_hash IS DISTINCT FROM s.seen AND d.data <> s.data
    ORDER BY l.lesson_number
"""
_RENUMBER = [
    statement.format(wanted="SELECT id, lesson_number FROM staged_lessons WHERE course_slug = %(course)s")
    for statement in RENUMBER
]


class CourseChanged(Exception):
    """Somebody else changed the course's lessons since the import looked. Nothing of it was written."""


def read_snapshot() -> Snapshot:
    """What the database knows of courses and lessons now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT slug, language FROM courses")
        languages = dict(cursor.fetchall())
        cursor.execute(
            "SELECT l.id, c.slug, l.lesson_number, l.source_hash, l.summary, d.data_hash "
            "FROM lessons l JOIN courses c ON c.id = l.course_id "
            "LEFT JOIN lesson_descriptions d ON d.lesson_id = l.id"
        )
        lessons = {lesson: Known(*known) for lesson, *known in cursor.fetchall()}
    return Snapshot(languages, lessons)


def stage_courses(
    plans: Sequence[CoursePlan], snapshot: Snapshot, store: Folder, tick: Callable[[], None]
) -> None:
    """Reads what the plans left unread, and copies everything beside the tables. `tick` after each lesson."""
    stems = Stems()
    agreements = [Agreement(plan, stems) for plan in plans]
    copy_rows(COURSES, map(_course_row, plans))
    copy_rows(LESSONS, _lesson_rows(agreements, snapshot, store, tick))
    copy_rows(DESCRIPTIONS, _description_rows(agreements, snapshot, store))
    copy_rows(ASSETS, _asset_rows(plans))
    for agreement in agreements:
        agreement.tell(store.findings)


def course_changes(slug: str) -> dict[str, Counts]:
    """What writing the staged course would do, by table. Changes nothing."""
    changes = {upsert.table: upsert.count(slug) for upsert in _UPSERTS}
    changes[DESCRIPTION_TABLE] += Counts(kept=len(_kept_descriptions(slug)))
    return changes


def write_course(slug: str, seen: Mapping[UUID, int]) -> dict[str, Counts]:
    """Writes the staged course inside the caller's transaction; what was done, by table.

    seen: the course's lessons and numbers when the import was planned. Raises CourseChanged.
    """
    check_unchanged(slug, seen)
    changes = course_changes(slug)
    if changes["lessons"].updated:
        with connection.cursor() as cursor:
            for statement in _RENUMBER:
                cursor.execute(statement, {"course": slug})
    for upsert in _UPSERTS:
        if changes[upsert.table].changed:
            upsert.write(slug)
    return changes


def warn_of_newer(path: str, slug: str, findings: Findings) -> None:
    """A line for the descriptions that were written while the import ran, and stay as they are."""
    if numbers := _kept_descriptions(slug):
        named = ", ".join(map(str, numbers[:MOST_NAMED])) + (", …" if len(numbers) > MOST_NAMED else "")
        findings.warn(
            path,
            f"descriptions left as they are, because they were written while the import ran: "
            f"{len(numbers):,} (lessons {named}): import again once the run that writes them has ended",
        )


def _kept_descriptions(slug: str) -> list[int]:
    """The numbers of their lessons."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [slug])
        return [number for (number,) in cursor.fetchall()]


def check_unchanged(slug: str, seen: Mapping[UUID, int]) -> None:
    """Locks the course and its lessons until the end of the transaction. Raises CourseChanged.

    No stronger than an update would: workers go on publishing texts for these lessons. Only for those that
    get another number they wait until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM courses WHERE slug = %s FOR NO KEY UPDATE", [slug])
        cursor.execute(
            "SELECT l.id, l.lesson_number FROM lessons l JOIN courses c ON c.id = l.course_id "
            "WHERE c.slug = %s ORDER BY l.id FOR NO KEY UPDATE OF l",
            [slug],
        )
        if dict(cursor.fetchall()) != seen:
            raise CourseChanged(slug)


def _course_row(plan: CoursePlan) -> Row:
    course = plan.folder.course
    chosen = plan.language, course.personal_format, course.lesson_source
    return course.slug, course.title, course.description, *chosen, as_json(course.content)


def _lesson_rows(
    agreements: Sequence[Agreement], snapshot: Snapshot, store: Folder, tick: Callable[[], None]
) -> Iterator[Row]:
    for agreement in agreements:
        plan = agreement.plan
        folder = store.folder(plan.folder.entry)
        if folder is None:
            continue
        with folder:
            for lesson, transcript in read_transcripts(plan, folder):
                agreement.transcript(lesson, transcript)
                source = lesson.source
                known = snapshot.lessons.get(lesson.id)
                source_hash = _source_hash(source, transcript, known)
                # One that the database has is not sent again: transcripts are most of what an import costs.
                news = None if known and known.source_hash == source_hash else transcript
                texts = source.title, source.summary, as_json(source.content), news
                yield plan.slug, lesson.id, source.number, *texts, source_hash
                tick()


def _source_hash(lesson: LessonFile, transcript: str | None, known: Known | None) -> str | None:
    """What `Lesson.source_hash` will be; None where the store has no transcript to change it."""
    if transcript is None:
        return None
    summary = known.summary if lesson.summary is None and known else lesson.summary
    source = "\x1f".join([lesson.title, summary or "", transcript])
    return hashlib.md5(source.encode(), usedforsecurity=False).hexdigest()


def _description_rows(agreements: Sequence[Agreement], snapshot: Snapshot, store: Folder) -> Iterator[Row]:
    for agreement in agreements:
        plan = agreement.plan
        folder = store.folder(plan.folder.entry)
        if folder is None:
            continue
        with folder:
            for lesson_id, document in read_descriptions(plan, folder):
                agreement.template(lesson_id, document)
                known = snapshot.lessons.get(lesson_id)
                seen = known.description if known else None
                yield (
                    plan.slug,
                    lesson_id,
                    as_json(document),
                    _MOVING if lesson_id in snapshot.moving else seen,
                )


def _asset_rows(plans: Sequence[CoursePlan]) -> Iterator[Row]:
    for plan in plans:
        for lesson in plan.lessons:
            for asset in lesson.source.assets:
                yield plan.slug, lesson.id, asset.type, asset.path, as_json(asset.metadata or None)


def as_json(value: object) -> str | None:
    """JSON for a jsonb column; None, which is SQL's null, for none."""
    return None if value is None else json.dumps(value, ensure_ascii=False)
