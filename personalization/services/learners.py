"""Learners and their texts from a store: staged, compared, written."""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence

from django.db import connection

from courses.course_folder.findings import Findings
from courses.course_folder.folders import Folder
from courses.course_folder.plan import CoursePlan
from courses.course_folder.report import Counts
from courses.services.staging import Staged, Upsert, copy_rows
from personalization.learner_files.profiles import LearnerEntry
from personalization.learner_files.texts import TextRow, read_texts

PROFILES = Staged(
    "staged_profiles",
    {"user_identifier": "text", "name": "text", "course_slug": "text", "survey": "jsonb"},
)
TEXTS = Staged(
    "staged_texts",
    {"course_slug": "text", "user_identifier": "text", "lesson_id": "uuid", "content": "jsonb"},
)
LEARNER_TABLES = (PROFILES, TEXTS)
TEXT_TABLE = "personalized_lesson_descriptions"

# What the store does not say stays; but an e-mail address that an older import took for a name goes.
_PROFILES = Upsert(
    "profiles",
    """
    SELECT s.user_identifier, coalesce(s.course_slug, p.course_slug) AS course_slug,
           coalesce(s.name, CASE WHEN position('@' in p.name) = 0 THEN p.name END) AS name,
           coalesce(nullif(s.survey, '{}'), p.survey, '{}') AS survey
    FROM staged_profiles s LEFT JOIN profiles p USING (user_identifier)
    """,
    key=("user_identifier",),
    values=("name", "course_slug", "survey"),
)

# A text that an editor changed, or that no import made, is worth more than the store's; of an adopted one
# (origin null) nobody knows who wrote it.
_COUNT_TEXTS = """
    SELECT count(*) FILTER (WHERE t.id IS NULL),
           count(*) FILTER (WHERE t.content <> s.content AND t.edited_at IS NULL AND t.origin = 'import'),
           count(*) FILTER (WHERE t.content = s.content),
           count(*) FILTER (WHERE t.content <> s.content AND t.edited_at IS NULL
                              AND t.origin IS DISTINCT FROM 'import'),
           count(*) FILTER (WHERE t.content <> s.content AND t.edited_at IS NOT NULL)
    FROM staged_texts s
    LEFT JOIN profiles p USING (user_identifier)
    LEFT JOIN personalized_lesson_descriptions t ON t.profile_id = p.id AND t.lesson_id = s.lesson_id
    WHERE s.course_slug = %s
"""
_WRITE_TEXTS = """
    INSERT INTO personalized_lesson_descriptions AS t (profile_id, lesson_id, content, origin)
    SELECT p.id, s.lesson_id, s.content, 'import'
    FROM staged_texts s
    JOIN profiles p USING (user_identifier)
    LEFT JOIN personalized_lesson_descriptions old ON old.profile_id = p.id AND old.lesson_id = s.lesson_id
    WHERE s.course_slug = %s AND old.content IS DISTINCT FROM s.content
    ORDER BY 1, 2
    ON CONFLICT (profile_id, lesson_id) DO UPDATE
    SET content = excluded.content, origin = 'import', model = '', prompt_version = '',
        fingerprint = NULL, generated_at = NULL, flags = '[]'
    WHERE t.edited_at IS NULL AND t.origin = 'import'
"""


def known_identifiers(identifiers: Iterable[str]) -> set[str]:
    """Those of the identifiers that the database knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_identifier FROM profiles WHERE user_identifier = ANY(%s)", [list(identifiers)]
        )
        return {identifier for (identifier,) in cursor.fetchall()}


def stage_learners(entries: Iterable[LearnerEntry]) -> None:
    """Copies the learners beside their table."""
    copy_rows(PROFILES, ((entry.identifier, entry.name, entry.course, entry.survey) for entry in entries))


def stage_texts(
    plans: Sequence[CoursePlan], store: Folder, learners: Container[str], tick: Callable[[], None]
) -> None:
    """Reads the texts of the courses, and copies them beside their table. `tick` after each learner."""
    copy_rows(TEXTS, _text_rows(plans, store, learners, tick))


def learner_changes() -> dict[str, Counts]:
    """What writing the staged learners would do. Changes nothing."""
    return {_PROFILES.table: _PROFILES.count()}


def write_learners() -> dict[str, Counts]:
    """Writes the staged learners inside the caller's transaction; what was done."""
    changes = learner_changes()
    if changes[_PROFILES.table].changed:
        _PROFILES.write()
    return changes


def text_changes(course: str) -> dict[str, Counts]:
    """What writing the staged texts of a course would do, and how many would stay. Changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT_TEXTS, [course])
        return {TEXT_TABLE: Counts(*(cursor.fetchone() or ()))}


def write_texts(course: str) -> dict[str, Counts]:
    """Writes the staged texts of a course inside the caller's transaction; what was done."""
    changes = text_changes(course)
    if changes[TEXT_TABLE].changed:
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_TEXTS, [course])
    return changes


def warn_of_kept(course: str, counts: Counts, findings: Findings) -> None:
    """One line each for the texts that the store has too, and that stay as they are."""
    for number, why in (
        (counts.locked, "an editor changed them"),
        (counts.kept, "no import made them"),
    ):
        if number:
            findings.warn(course, f"personal texts left as they are, because {why}: {number:,}")


def _text_rows(
    plans: Sequence[CoursePlan], store: Folder, learners: Container[str], tick: Callable[[], None]
) -> Iterator[TextRow]:
    for plan in plans:
        folder = store.folder(plan.folder.entry)
        if folder is not None:
            with folder:
                yield from read_texts(plan, folder, learners, tick)
