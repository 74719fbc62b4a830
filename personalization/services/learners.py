"""Learners from a store: staged, compared, written."""

from collections.abc import Iterable

from django.db import connection

from courses.course_folder.report import Counts
from courses.services.staging import Staged, Upsert, copy_rows
from personalization.learner_files.profiles import LearnerEntry

STAGED_PROFILES = Staged(
    "staged_profiles",
    {"user_identifier": "text", "name": "text", "course_slug": "text", "survey": "jsonb"},
)

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


def known_identifiers(identifiers: Iterable[str]) -> set[str]:
    """Those of the identifiers that the database knows."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT user_identifier FROM profiles WHERE user_identifier = ANY(%s)", [list(identifiers)]
        )
        return {identifier for (identifier,) in cursor.fetchall()}


def stage_learners(entries: Iterable[LearnerEntry]) -> None:
    """Copies the learners beside their table."""
    copy_rows(
        STAGED_PROFILES, ((entry.identifier, entry.name, entry.course, entry.survey) for entry in entries)
    )


def learner_changes() -> dict[str, Counts]:
    """What writing the staged learners would do. Changes nothing."""
    return {_PROFILES.table: _PROFILES.count()}


def write_learners() -> dict[str, Counts]:
    """Writes the staged learners inside the caller's transaction; what was done."""
    changes = learner_changes()
    if changes[_PROFILES.table].changed:
        _PROFILES.write()
    return changes
