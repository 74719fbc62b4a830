"""Personal texts from a store: staged, compared, written."""

from collections import Counter
from collections.abc import Callable, Container, Sequence
from contextlib import closing

from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation
from psycopg.sql import SQL

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder
from courses.course_folder.report import Counts
from courses.services.staging import Staged, copy_blocks
from personalization.learner_files.batches import collected, copied, tasks
from personalization.learner_files.digests import KnownFiles
from personalization.learner_files.lesson_files import TextPlan
from personalization.learner_files.reading_pool import read_batches

TEXT_TABLE = "personalized_lesson_descriptions"
TEXTS = Staged(
    "staged_texts",
    {
        "course_slug": "text",
        "user_identifier": "text",
        "lesson_id": "uuid",
        "content": "jsonb",
        "digest": "text",
    },
)

# The keys of KnownFiles. By the learner and the lesson as they are now: a text that was moved to another one
# is read again.
_HELD = """
    SELECT coalesce(string_agg(int8send(key), '' ORDER BY key), '')
    FROM (
        SELECT ('x' || left(md5(p.user_identifier || t.lesson_id || t.import_digest), 16))::bit(64)::bigint
        FROM personalized_lesson_descriptions t JOIN profiles p ON p.id = t.profile_id
        WHERE t.import_digest IS NOT NULL
    ) keys (key)
"""

# With LIMIT each text is looked up by its index: a plan that reads the whole table for each course, which the
# statistics of a table that was empty a moment ago may suggest, takes minutes.
_OLD = SQL("""
    LEFT JOIN LATERAL (
        SELECT id, content, edited_at, origin FROM personalized_lesson_descriptions
        WHERE profile_id = p.id AND lesson_id = s.lesson_id LIMIT 1
    ) old ON true
""")
_HAS_TEXTS = """
    SELECT EXISTS (
        SELECT FROM lessons l JOIN courses c ON c.id = l.course_id,
            LATERAL (SELECT FROM personalized_lesson_descriptions t WHERE t.lesson_id = l.id LIMIT 1) texts
        WHERE c.slug = %s
    )
"""

# A text that an editor changed, or that no import made, is worth more than the store's; of an adopted one
# (origin null) nobody knows who wrote it.
_COUNT = SQL("""
    SELECT count(*) FILTER (WHERE fate = 'created'), count(*) FILTER (WHERE fate = 'updated'),
           count(*) FILTER (WHERE fate = 'unchanged'), count(*) FILTER (WHERE fate = 'kept'),
           count(*) FILTER (WHERE fate = 'locked')
    FROM (
        SELECT CASE
            WHEN old.id IS NULL THEN 'created'
            WHEN old.content = s.content THEN 'unchanged'
            WHEN old.edited_at IS NOT NULL THEN 'locked'
            WHEN old.origin IS DISTINCT FROM 'import' THEN 'kept'
            ELSE 'updated' END AS fate
        FROM staged_texts s LEFT JOIN profiles p USING (user_identifier) {old}
        WHERE s.course_slug = %s
    ) fates
""").format(old=_OLD)
_INSERT = SQL("""
    INSERT INTO personalized_lesson_descriptions AS t (profile_id, lesson_id, content, origin, import_digest)
    SELECT p.id, s.lesson_id, s.content, 'import', s.digest
    FROM staged_texts s JOIN profiles p USING (user_identifier)
""")
_WRITE_NEW = _INSERT + SQL("WHERE s.course_slug = %s ORDER BY 1, 2")
_WRITE = SQL("""{insert} {old}
    WHERE s.course_slug = %s AND old.content IS DISTINCT FROM s.content
    ORDER BY 1, 2
    ON CONFLICT (profile_id, lesson_id) DO UPDATE
    SET content = excluded.content, import_digest = excluded.import_digest, origin = 'import', model = '',
        prompt_version = '', written_from = '', fingerprint = NULL, generated_at = NULL, flags = '[]'
    WHERE t.edited_at IS NULL AND t.origin = 'import'
""").format(insert=_INSERT, old=_OLD)
# Texts of a course are sorted as a whole, with all that they say.
_ROOM = "SET LOCAL work_mem = '128MB'"


def held_files() -> KnownFiles:
    """The files that the database's texts came from."""
    with connection.cursor() as cursor:
        cursor.execute(_HELD)
        return KnownFiles(bytes((cursor.fetchone() or (b"",))[0]))


def stage_texts(
    plans: Sequence[TextPlan],
    store: Folder,
    learners: Container[str],
    tick: Callable[[int], None],
    processes: int = 0,
) -> Counter[str]:
    """Reads the texts of the courses, and copies them beside their table; what is wrong goes to the findings.

    By course: how many files were left unread. The database has what they say, so there is nothing to write,
    and whoever changes such a text from now on has changed it after this import.

    learners: the identifiers that the store or the database knows. `tick` with every number of learners that
    are done. processes: as many read besides this one. Raises ReaderGone.
    """
    todo = tasks(plans, store, learners)
    unread: Counter[str] = Counter()
    with closing(read_batches(todo, plans, store, held_files(), processes)) as batches:
        copy_blocks(TEXTS, copied(collected(batches, plans, store.findings, tick, unread)))
    return unread


def text_changes(course: str) -> dict[str, Counts]:
    """What writing the staged texts of a course would do, and how many would stay. Changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [course])
        created, updated, unchanged, kept, locked = cursor.fetchone() or (0,) * 5
    return {TEXT_TABLE: Counts(created, updated, unchanged, kept, locked)}


def write_texts(course: str) -> dict[str, Counts]:
    """Writes the staged texts of a course inside the caller's transaction; what was done."""
    with connection.cursor() as cursor:
        cursor.execute(_ROOM)
        cursor.execute(_HAS_TEXTS, [course])
        if cursor.fetchone() == (False,):
            # Nothing to compare with, and the number of rows is the count.
            written = _written_as_new(course)
            if written is not None:
                return {TEXT_TABLE: Counts(created=written)}
        changes = text_changes(course)
        if changes[TEXT_TABLE].changed:
            cursor.execute(_WRITE, [course])
    return changes


def _written_as_new(course: str) -> int | None:
    """The number of rows; None, with nothing written, where a worker has published one of them meanwhile."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_WRITE_NEW, [course])
            return int(cursor.rowcount)
    except IntegrityError as error:
        if isinstance(error.__cause__, UniqueViolation):
            return None
        raise


def warn_of_kept(course: str, counts: Counts, findings: Findings) -> None:
    """One line each for the texts that the store has too, and that stay as they are."""
    for number, why in (
        (counts.locked, "an editor changed them"),
        (counts.kept, "no import made them"),
    ):
        if number:
            findings.warn(course, f"personal texts left as they are, because {why}: {number:,}")
