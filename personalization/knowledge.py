"""What is known of learners, read for many at once."""

import json
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db import connection

from personalization.supervisor import Known
from personalization.supervisor.tables import LAST_FEEDBACK, LAST_QUIZZES, LEARNING_STYLE, TECHNICAL_DEPTH

# The last ones of each learner come from an index, whatever the learner has said in years.
_KNOWN = """
    SELECT profile.id, jsonb_build_object('style', profile.survey -> %(style)s,
        'depth', profile.survey -> %(depth)s, 'quiz', quiz.scores, 'feedback', feedback.pieces)::text
    FROM profiles profile
    CROSS JOIN LATERAL (
        SELECT coalesce(jsonb_agg(score ORDER BY created_at DESC, lesson_id DESC), '[]') FROM (
            SELECT score, created_at, lesson_id FROM quiz_results WHERE profile_id = profile.id
            ORDER BY created_at DESC, lesson_id DESC LIMIT %(quizzes)s) last
    ) quiz (scores)
    CROSS JOIN LATERAL (
        SELECT coalesce(
            jsonb_agg(jsonb_build_array(rating, issue) ORDER BY created_at DESC, lesson_id DESC), '[]')
        FROM (SELECT rating, issue, created_at, lesson_id FROM lesson_feedback WHERE profile_id = profile.id
              ORDER BY created_at DESC, lesson_id DESC LIMIT %(pieces)s) last
    ) feedback (pieces)
    WHERE profile.id = ANY(%(profiles)s::uuid[])
"""


def knowledge(profiles: Iterable[UUID]) -> dict[UUID, Known]:
    """One statement; learners who are gone are left out."""
    values: dict[str, Any] = {
        "profiles": list(profiles),
        "style": LEARNING_STYLE,
        "depth": TECHNICAL_DEPTH,
        "quizzes": LAST_QUIZZES,
        "pieces": LAST_FEEDBACK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, values)
        return {profile: _known(json.loads(found)) for profile, found in cursor.fetchall()}


def _known(found: dict[str, Any]) -> Known:
    return Known(
        learning_style=found["style"],
        technical_depth=found["depth"],
        quiz=found["quiz"],
        feedback=[(rating, issue) for rating, issue in found["feedback"]],
    )
