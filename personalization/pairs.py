"""Which learner × lesson pairs an ask means, and what would become of each, in SQL.

One million pairs are planned and counted by the database in one statement; nothing is loaded.
"""

import json
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from courses.formats.personal import PERSONAL
from courses.formats.shapes import PERSONAL_FORMATS
from courses.models import Course
from personalization.brief import BLANKS, SEPARATOR, SHORTEST_SOURCE, Recipe
from personalization.condensing.prompt import VERSION as CONDENSE_VERSION
from personalization.live_prompts import LivePrompts, live_prompts
from personalization.models.config import DEFAULT_COACH
from personalization.supervisor import BALANCED, guidance_tags
from personalization.survey_contacts import IS_CONTACT, asked_contacts
from personalization.tokens import tokens_sql
from personalization.voice import VOICE_VERSION
from personalization.windows import window_of


@dataclass(frozen=True, slots=True)
class Selection:
    """What an ask covers. None means all; a learner always gets the lessons of their own course only."""

    profiles: tuple[UUID, ...] | None = None
    course: UUID | None = None
    lessons: tuple[int, ...] | None = None
    only_stale: bool = False  # only pairs without a text, or with a stale one
    missing: bool = True  # with only_stale: also those without a text
    limit: int | None = None


# What shapes.chosen_format says: each course has its texts written in a format of its own.
_FORMATS = " ".join(f"WHEN '{fmt.name}' THEN '{fmt.tag}'" for fmt in PERSONAL_FORMATS)
FORMAT = f"CASE course.personal_format {_FORMATS} ELSE '{PERSONAL.tag}' END"

# The learner's cluster, for every FROM in which a fingerprint is computed.
CLUSTER = "LEFT JOIN user_clusters cluster ON cluster.user_id = profile.id"
# Null where the guidance adds nothing: concat_ws then leaves it out, as Brief.fingerprint does.
GUIDANCE = f"""(%(guidance)s::jsonb -> coalesce(cluster.cluster_type, '{BALANCED}') ->> course.language)"""

DEFAULT_SPEAKER = f"""(SELECT coaches.id FROM app_config
        JOIN coaches ON coaches.is_active AND coaches.id::text = lower(value ->> 'default_coach_id')
        WHERE key = '{DEFAULT_COACH}')"""  # noqa: S608 constants of ours
# Of each course: the coach who speaks (`coach`; the one that it names, if active, else the default one) and
# its survey (`survey`; its own, else the default one).
COURSE_PARTS = f"""
    FROM courses each
    LEFT JOIN course_coaches ON course_coaches.course_id = each.id
    LEFT JOIN coaches named ON named.id = course_coaches.coach_id AND named.is_active
    LEFT JOIN coaches coach ON coach.id = coalesce(named.id, {DEFAULT_SPEAKER})
    LEFT JOIN surveys own ON own.course_id = each.id
    LEFT JOIN surveys survey ON survey.id = coalesce(own.id, (SELECT id FROM surveys WHERE course_id IS NULL))
"""  # noqa: S608 constants of ours


def _by_course(value: str) -> str:
    """A value of COURSE_PARTS, null for none; looked up once for a statement, and not with each pair."""
    return f"((SELECT jsonb_object_agg(each.id, {value}) {COURSE_PARTS}) ->> course.id::text)"


# As Brief._course_tags. Null where there are none: see GUIDANCE.
COURSE_TAGS = _by_course(f"""nullif(concat_ws(%(separator)s,
    'voice:{VOICE_VERSION}:' || coach.voice_tag, 'survey:' || survey.tag), '')""")
VOICE_WORDS = _by_course("CASE WHEN coach.voice_tag IS NOT NULL THEN coach.prompt END")

# What the lesson says is written from, by its hash: as services.sources has it. The title and the summary
# belong to either source.
SOURCE_HASH = """CASE course.lesson_source WHEN 'template' THEN coalesce((
        SELECT md5(concat_ws(%(separator)s, 'template', own.title, coalesce(own.summary, ''),
                             described.data_hash))
        FROM lessons own JOIN lesson_descriptions described ON described.lesson_id = own.id
        WHERE own.id = lesson.id), '') ELSE lesson.source_hash END"""


def _condensed(source_hash: str) -> str:
    """As the end of Brief.fingerprint, of the writer whose recipe it is. Null where nothing is condensed."""
    return f"""(SELECT 'condensed:' || condensed.tag FROM condensed_sources condensed
        WHERE condensed.lesson_id = lesson.id AND condensed.source_hash = {source_hash}
          AND condensed.language = course.language AND condensed.text_tokens <= %(room)s
          AND condensed.model = split_part({{recipe}}, %(separator)s, 2)
          AND condensed.prompt_version = '{CONDENSE_VERSION}' AND condensed.source_tokens > %(room)s)"""  # noqa: S608


CONDENSED = _condensed(SOURCE_HASH)
TRANSCRIPT_CONDENSED = _condensed("lesson.source_hash").format(recipe="%(recipe)s::text")

# md5 of the same parts, in the same order, as brief.Brief.fingerprint; a test holds the two together.
FINGERPRINT = f"""md5(concat_ws(%(separator)s, {SOURCE_HASH}, profile.answers_hash, course.title,
    course.language, {{recipe}}, {FORMAT}, {GUIDANCE}, {COURSE_TAGS},
    {CONDENSED}))"""
TODAYS_FINGERPRINT = FINGERPRINT.format(recipe="%(recipe)s::text")

# The recipe that the row's own writer would use today.
OWN_RECIPE = "CASE text.origin WHEN 'openai' THEN %(openai_recipe)s ELSE %(simple_recipe)s END"
STALE = f"""(text.fingerprint IS NOT NULL AND text.origin IN ('openai', 'simple')
    AND text.fingerprint <> {FINGERPRINT.format(recipe=OWN_RECIPE)})"""

# Blanks, and what nobody sees, are no answer: as answers.UNSEEN. Who somebody is is none either.
ANSWERED = rf"""CASE WHEN jsonb_typeof(profile.survey) = 'object' THEN EXISTS (
    SELECT FROM jsonb_each(profile.survey) said WHERE jsonb_path_exists(said.value,
    '$.** ? ((@.type() == "string" && @ like_regex
              "[^\\s\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff\u{{e0000}}-\u{{e007f}}]")
               || @.type() == "number" || @.type() == "boolean")') AND NOT {IS_CONTACT}) END"""

TEXT = """LEFT JOIN personalized_lesson_descriptions text
      ON text.profile_id = profile.id AND text.lesson_id = lesson.id"""
WANTED = f"(NOT %(only_stale)s OR (%(missing)s AND text.id IS NULL) OR {STALE})"
PAIRS = f"""
    FROM profiles profile
    JOIN courses course ON course.slug = profile.course_slug
    JOIN lessons lesson ON lesson.course_id = course.id
    {TEXT}
    {CLUSTER}
    WHERE (%(profiles)s::uuid[] IS NULL OR profile.id = ANY(%(profiles)s::uuid[]))
      AND (%(course)s::uuid IS NULL OR course.id = %(course)s::uuid)
      AND (%(lessons)s::int[] IS NULL OR lesson.lesson_number = ANY(%(lessons)s::int[]))
      AND {WANTED}
"""
# Every ask locks its pairs in this one order: in random order 31 of 32 concurrent asks deadlocked.
# Lesson by lesson, so that a provider's prefix cache serves all learners of a lesson.
ORDERED = "ORDER BY lesson.lesson_number, lesson.id, profile.id LIMIT %(limit)s"

NO_TEMPLATE = """(coalesce((SELECT said_length FROM lesson_descriptions described
        WHERE described.lesson_id = lesson.id), 0) < %(shortest_source)s)"""
TRANSCRIPT_TOO_SHORT = "(length(btrim(lesson.transcript, %(blanks)s)) < %(shortest_source)s)"
TOO_SHORT = f"""(CASE course.lesson_source WHEN 'template' THEN {NO_TEMPLATE}
        ELSE {TRANSCRIPT_TOO_SHORT} END)"""


def _verdict(answered: str, too_short: str) -> str:
    return f"""CASE
    WHEN text.edited_at IS NOT NULL AND NOT %(replace_locked)s THEN 'locked'
    WHEN NOT {answered} THEN 'no_survey'
    WHEN {too_short} THEN CASE course.lesson_source WHEN 'template' THEN 'no_template' ELSE 'no_source' END
    WHEN %(force)s THEN 'write'
    WHEN %(origin)s = 'simple' AND text.id IS NOT NULL AND text.origin IS DISTINCT FROM 'simple'
        THEN 'better_text'
    WHEN text.edited_at IS NULL AND text.fingerprint IS NOT NULL
        AND text.fingerprint = {TODAYS_FINGERPRINT} THEN 'unchanged'
    ELSE 'write' END"""


# The same decisions in the same order as brief.reason_to_skip; a test holds the two together.
VERDICT = _verdict(f"coalesce({ANSWERED}, false)", TOO_SHORT)

SOURCE = """CASE course.lesson_source WHEN 'template' THEN coalesce((SELECT data::text
        FROM lesson_descriptions described WHERE described.lesson_id = lesson.id), '')
        ELSE lesson.transcript END"""
SOURCE_TOKENS = tokens_sql(f"({SOURCE})")
TRANSCRIPT_TOKENS = tokens_sql("lesson.transcript")


def _lesson_tokens(source: str, voice: str = "NULL") -> str:
    """Of a source that is too long a prompt has what it is condensed to."""
    whole = tokens_sql(f"concat_ws(' ', course.title, lesson.title, lesson.summary, {source}, {voice})")
    return f"({whole} - greatest(0, {tokens_sql(f'({source})')} - %(room)s))"


# About how many tokens of a prompt are the lesson's, and the learner's; what all prompts share is not in.
LESSON_TOKENS = _lesson_tokens(SOURCE, VOICE_WORDS)
# Of a standard description's prompt: whatever a course's texts are written from, this has the transcript.
DESCRIBED_TOKENS = _lesson_tokens("lesson.transcript")
LEARNER_TOKENS = tokens_sql("coalesce(profile.survey::text, '')")
# PAIRS and VERDICT for many pairs: each transcript and survey is looked at once, and not with each pair. Of
# 1,000,008 pairs with transcripts of 20 KB that takes 4 s of CPU, and 170 s the other way. By `slug`, the
# course's, and across: else the planner expects a hundredth of a large course's pairs, and joins one by one.
SIZED = f"""
    learners AS MATERIALIZED (
        SELECT id, course_slug, answers_hash, coalesce({ANSWERED}, false) AS answered,
               {LEARNER_TOKENS} AS tokens
        FROM profiles profile
        WHERE (%(profiles)s::uuid[] IS NULL OR profile.id = ANY(%(profiles)s::uuid[]))
          AND (%(course)s::uuid IS NULL OR profile.course_slug = %(slug)s)
    ), material AS MATERIALIZED (
        SELECT lesson.id, lesson.course_id, course.slug, lesson.lesson_number, lesson.source_hash,
               {TOO_SHORT} AS too_short, {LESSON_TOKENS} AS tokens, {SOURCE_TOKENS} AS source_tokens
        FROM lessons lesson JOIN courses course ON course.id = lesson.course_id
        WHERE course.slug IN (SELECT course_slug FROM learners)
          AND (%(course)s::uuid IS NULL OR course.id = %(course)s::uuid)
          AND (%(lessons)s::int[] IS NULL OR lesson.lesson_number = ANY(%(lessons)s::int[]))
    )"""  # noqa: S608 constants of ours
SIZED_PAIRS = f"""
    FROM learners profile
    JOIN material lesson ON %(course)s::uuid IS NOT NULL OR lesson.slug = profile.course_slug
    JOIN courses course ON course.id = lesson.course_id
    {TEXT}
    {CLUSTER}
    WHERE {WANTED}
"""
SIZED_VERDICT = _verdict("profile.answered", "lesson.too_short")


def selection_parameters(
    selection: Selection, openai: Recipe, simple: Recipe, prompts: LivePrompts | None = None
) -> dict[str, Any]:
    """Parameters of PAIRS and ORDERED; `openai` and `simple` are the recipes of today, and `prompts` the
    live ones."""
    return {
        "missing": selection.missing,
        "profiles": None if selection.profiles is None else list(selection.profiles),
        "course": selection.course,
        "lessons": None if selection.lessons is None else list(selection.lessons),
        "only_stale": selection.only_stale,
        "limit": selection.limit,
        "separator": SEPARATOR,
        "guidance": json.dumps(guidance_tags((prompts or live_prompts()).guidance)),
        "openai_recipe": openai.key,
        "simple_recipe": simple.key,
        "room": window_of(openai.model).room,
    }


def slug_of(course: UUID | None) -> str | None:
    """The `slug` of SIZED."""
    return Course.objects.filter(pk=course).values_list("slug", flat=True).first() if course else None


def verdict_parameters(recipe: Recipe, *, force: bool, replace_locked: bool = False) -> dict[str, Any]:
    """Parameters of VERDICT for texts to be written by `recipe`."""
    return {
        "recipe": recipe.key,
        "origin": recipe.origin,
        "force": force,
        "replace_locked": replace_locked,
        "shortest_source": SHORTEST_SOURCE,
        "blanks": BLANKS,
        "contacts": asked_contacts(),
    }
