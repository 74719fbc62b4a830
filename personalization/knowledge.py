"""What is known of learners, read for many at once."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import connection

from personalization.supervisor import Known
from personalization.supervisor.factors import read_styles
from personalization.supervisor.tables import LAST_FEEDBACK, LAST_QUIZZES, LEARNING_STYLE, TECHNICAL_DEPTH
from personalization.survey import Option, Question

type Asked = Mapping[str, Question]
"""Key → question, of those that the supervisor reads and that have options."""

# The last ones of each learner come from an index, whatever the learner has said in years.
_KNOWN = """
    SELECT profile.id, profile.course_slug, jsonb_build_object('style', profile.survey -> %(style)s,
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
# Who has no course, or one that is not imported yet, is asked the default survey: as services.surveys.
_ASKED = """
    SELECT given.slug, question.key,
        jsonb_agg(jsonb_build_array(option.code, option.old_codes)
                  ORDER BY option.position, option.code)::text
    FROM unnest(%s::text[]) AS given (slug)
    LEFT JOIN courses course ON course.slug = given.slug
    LEFT JOIN surveys own ON own.course_id = course.id
    JOIN survey_questions question ON question.key = ANY(%s::text[]) AND question.survey_id
        = coalesce(own.id, (SELECT id FROM surveys WHERE course_id IS NULL))
    JOIN survey_options option ON option.question_id = question.id
    GROUP BY given.slug, question.key
"""


def knowledge(profiles: Iterable[UUID]) -> dict[UUID, Known]:
    """Two statements; learners who are gone are left out."""
    values: dict[str, Any] = {
        "profiles": list(profiles),
        "style": LEARNING_STYLE,
        "depth": TECHNICAL_DEPTH,
        "quizzes": LAST_QUIZZES,
        "pieces": LAST_FEEDBACK,
    }
    with connection.cursor() as cursor:
        cursor.execute(_KNOWN, values)
        rows = cursor.fetchall()
    asked = asked_in({course for _, course, _ in rows})
    return {profile: _known(json.loads(found), asked.get(course, {})) for profile, course, found in rows}


def asked_in(courses: Iterable[str | None]) -> dict[str | None, Asked]:
    """Slug → what of its survey says what an answer's code means; one statement, and none without courses."""
    slugs, found = [*set(courses)], defaultdict[str | None, dict[str, Question]](dict)
    if slugs:
        with connection.cursor() as cursor:
            cursor.execute(_ASKED, [slugs, [LEARNING_STYLE, TECHNICAL_DEPTH]])
            for slug, key, options in cursor.fetchall():
                known = tuple(Option(code, {}, tuple(old)) for code, old in json.loads(options))
                found[slug][key] = Question(key, {}, known)
    return dict(found)


def style_said(answer: Any, asked: Asked) -> Any:
    """The answer with the style that an option means in the place of its code.

    All codes of an option mean the same, so a course's own code is a style where an old one names it.
    """
    question = asked.get(LEARNING_STYLE)
    if question is None:
        return answer
    return (
        [_style(item, question) for item in answer] if isinstance(answer, list) else _style(answer, question)
    )


def depth_said(answer: Any, asked: Asked) -> Any:
    """The answer with today's code in the place of an old one.

    An old code that is a number is none of 100 where today's code is something else: “3” may be the third.
    """
    question = asked.get(TECHNICAL_DEPTH)
    option = question.option_of(answer) if question else None
    return option.code if option else answer


def _style(item: Any, question: Question) -> Any:
    option = question.option_of(item)
    codes = (option.code, *option.old_codes) if option else ()
    return next(filter(read_styles, codes), option.code if option else item)


def _known(found: dict[str, Any], asked: Asked) -> Known:
    return Known(
        learning_style=style_said(found["style"], asked),
        technical_depth=depth_said(found["depth"], asked),
        quiz=found["quiz"],
        feedback=[(rating, issue) for rating, issue in found["feedback"]],
    )
