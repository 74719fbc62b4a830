"""What other prompts, values and surveys do to what a model wrote: how much is stale, what it costs."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection

from courses.formats.lesson import LESSON
from courses.models import LessonDescription
from personalization.brief import BLANKS, SEPARATOR, SHORTEST_SOURCE
from personalization.costs.estimate import Estimate, estimate
from personalization.live_prompts import LivePrompts, live_prompts
from personalization.models import Coach
from personalization.models.runs import Backend, Kind
from personalization.pairs import (
    ANSWERED,
    CLUSTER,
    DEFAULT_SPEAKER,
    STALE,
    TOO_SHORT,
    TRANSCRIPT_TOO_SHORT,
    Selection,
    selection_parameters,
)
from personalization.queries import preview
from personalization.survey_contacts import asked_contacts
from personalization.template_queries import DESCRIPTIONS_FINGERPRINT, preview_templates
from personalization.windows import window_of
from personalization.writers.registry import current_recipe, template_recipe


@dataclass(frozen=True, slots=True)
class Effect:
    """Of texts, or of standard descriptions. `becoming`: stale by it; `before`: stale already, and then too;
    `current_again`: stale today, and not then. What else would be stale and no run writes again: `locked` by
    an editor, `unanswered` by its learner, `without_source` in its lesson.

    `estimate`: of writing `becoming` and `before` again.
    """

    becoming: int
    before: int
    current_again: int
    locked: int
    unanswered: int
    without_source: int
    estimate: Estimate

    @property
    def stale(self) -> int:
        return self.becoming + self.before


# In the order of pairs.VERDICT. `changed` has a row for each text that is stale, today or then.
_COUNTED = """
    SELECT count(*) FILTER (WHERE why = '' AND stale_then AND NOT stale_now),
           count(*) FILTER (WHERE why = '' AND stale_then AND stale_now),
           count(*) FILTER (WHERE why = '' AND NOT stale_then),
           count(*) FILTER (WHERE why = 'locked' AND stale_then),
           count(*) FILTER (WHERE why = 'unanswered' AND stale_then),
           count(*) FILTER (WHERE why = 'without_source' AND stale_then)
    FROM judged
"""
_STALE_THEN = STALE.replace("%(openai_recipe)s", "%(openai_recipe_then)s").replace(
    "%(guidance)s", "%(guidance_then)s"
)
# Of a survey that says something else already, in this transaction: what is stale by what it said before.
_STALE_BEFORE = STALE.replace(
    "survey.tag",
    "(CASE WHEN survey.id = %(survey)s::uuid THEN %(tag_before)s::text ELSE survey.tag END)",
)


def _of_texts(now: str, then: str) -> str:
    """Each transcript and survey is looked at once, and not with each text."""
    return f"""
    WITH changed AS MATERIALIZED (
        SELECT * FROM (
            SELECT text.lesson_id, text.profile_id, text.edited_at IS NOT NULL AS locked,
                   {now} AS stale_now, {then} AS stale_then
            FROM personalized_lesson_descriptions text
            JOIN lessons lesson ON lesson.id = text.lesson_id
            JOIN courses course ON course.id = lesson.course_id
            JOIN profiles profile ON profile.id = text.profile_id AND profile.course_slug = course.slug
            {CLUSTER}
        ) each WHERE stale_now OR stale_then
    ), silent AS MATERIALIZED (
        SELECT id FROM profiles profile
        WHERE id IN (SELECT profile_id FROM changed) AND NOT coalesce({ANSWERED}, false)
    ), bare AS MATERIALIZED (
        SELECT lesson.id FROM lessons lesson JOIN courses course ON course.id = lesson.course_id
        WHERE lesson.id IN (SELECT lesson_id FROM changed) AND {TOO_SHORT}
    ), judged AS (
        SELECT stale_now, stale_then, CASE
            WHEN locked THEN 'locked'
            WHEN profile_id IN (SELECT id FROM silent) THEN 'unanswered'
            WHEN lesson_id IN (SELECT id FROM bare) THEN 'without_source' ELSE '' END AS why
        FROM changed
    ) {_COUNTED}"""  # noqa: S608 constants of ours


_TEXTS = _of_texts(STALE, _STALE_THEN)
_SURVEY = _of_texts(_STALE_BEFORE, STALE)
_DESCRIPTIONS = f"""
    WITH judged AS MATERIALIZED (
        SELECT text.fingerprint <> {DESCRIPTIONS_FINGERPRINT} AS stale_now,
               text.fingerprint <> {DESCRIPTIONS_FINGERPRINT.replace("%(recipe)s", "%(recipe_then)s")}
               AS stale_then,
               CASE WHEN text.edited_at IS NOT NULL THEN 'locked'
                    WHEN {TRANSCRIPT_TOO_SHORT} THEN 'without_source' ELSE '' END AS why
        FROM lesson_descriptions text JOIN lessons lesson ON lesson.id = text.lesson_id
        JOIN courses course ON course.id = lesson.course_id WHERE text.fingerprint IS NOT NULL
    ) {_COUNTED} WHERE stale_now OR stale_then"""  # noqa: S608 constants of ours


_BY_DEFAULT_COACH = f"""
    SELECT count(*) FROM personalized_lesson_descriptions text
    JOIN lessons lesson ON lesson.id = text.lesson_id
    JOIN courses course ON course.id = lesson.course_id
    JOIN profiles profile ON profile.id = text.profile_id AND profile.course_slug = course.slug
    {CLUSTER}
    WHERE text.edited_at IS NULL AND NOT {STALE}
        AND {STALE.replace(DEFAULT_SPEAKER, "%(speaker_then)s::uuid")}
"""  # noqa: S608 constants of ours


def stale_by_default_coach(coach: Coach | None) -> int:
    """How many texts become stale where this coach, who is active, speaks by default; None: nobody does."""
    prompts = live_prompts()
    recipes = current_recipe(Backend.OPENAI, prompts.personal), current_recipe(Backend.SIMPLE)
    values = selection_parameters(Selection(), *recipes, prompts)
    with connection.cursor() as cursor:
        cursor.execute(_BY_DEFAULT_COACH, {**values, "speaker_then": coach.pk if coach else None})
        return int(cursor.fetchone()[0])


def effect_on_texts(then: LivePrompts) -> Effect:
    """Where `then` were the live prompts."""
    selection = Selection(only_stale=True, missing=False)
    now = live_prompts()
    recipes, recipes_then = (
        (current_recipe(Backend.OPENAI, prompts.personal), current_recipe(Backend.SIMPLE))
        for prompts in (now, then)
    )
    values = selection_parameters(selection, *recipes, now)
    values_then = selection_parameters(selection, *recipes_then, then)
    counts = _counts(
        _TEXTS,
        {
            **values,
            "openai_recipe_then": values_then["openai_recipe"],
            "guidance_then": values_then["guidance"],
            "blanks": BLANKS,
            "shortest_source": SHORTEST_SOURCE,
            "contacts": asked_contacts(),
        },
    )
    sizes = preview(selection, Backend.OPENAI, prompts=then).sizes
    return Effect(*counts, estimate(sizes, Backend.OPENAI))


def effect_of_survey(survey: UUID, tag_before: str | None) -> Effect:
    """On texts, of what this transaction has written into the survey; `tag_before`: the tag that it had."""
    selection = Selection(only_stale=True, missing=False)
    recipes = current_recipe(Backend.OPENAI), current_recipe(Backend.SIMPLE)
    values = {
        **selection_parameters(selection, *recipes),
        "contacts": asked_contacts(),
        "survey": survey,
        "tag_before": tag_before,
        "blanks": BLANKS,
        "shortest_source": SHORTEST_SOURCE,
    }
    return Effect(
        *_counts(_SURVEY, values), estimate(preview(selection, Backend.OPENAI).sizes, Backend.OPENAI)
    )


def effect_on_descriptions(then: LivePrompts) -> Effect:
    """On those that a model wrote."""
    recipe = template_recipe(live_prompts().lesson)
    values = {
        "recipe": recipe.key,
        "recipe_then": template_recipe(then.lesson).key,
        "separator": SEPARATOR,
        "format": LESSON.tag,
        "room": window_of(recipe.model).room,
        "blanks": BLANKS,
        "shortest_source": SHORTEST_SOURCE,
    }
    counts = _counts(_DESCRIPTIONS, values)
    written = LessonDescription.objects.filter(fingerprint__isnull=False, edited_at=None)
    lessons = list(written.values_list("lesson_id", flat=True))
    sizes = preview_templates(lessons, prompt=then.lesson).sizes
    return Effect(*counts, estimate(sizes, Backend.OPENAI, Kind.TEMPLATES))


def _counts(sql: str, values: dict[str, Any]) -> tuple[int, int, int, int, int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        found: tuple[int, int, int, int, int, int] = cursor.fetchone()
    return found
