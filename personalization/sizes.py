"""How large prompts are, for costs that are estimated before anything is sent."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import floor
from uuid import UUID

from courses.formats.definition import Format, Language
from courses.formats.lesson import LESSON
from courses.formats.shapes import PERSONAL_FORMATS
from personalization.brief import Brief
from personalization.condensing.plan import FILLED, LARGEST_PART, RULES_TOKENS
from personalization.condensing.prompt import CONDENSED, VERSION
from personalization.errors import WriterError
from personalization.pairs import SOURCE_HASH
from personalization.personal_prompt import (
    LESSON_TEMPLATE,
    PersonalPrompt,
    shipped_personal_prompt,
    shipped_prompt,
)
from personalization.prompts import messages
from personalization.tokens import estimated_tokens

FRAME = 8  # tokens of a message that are not its text
# Shorter prefixes are not cached, and longer ones in whole blocks: OpenAI's rule, and others' are alike.
SHORTEST_CACHED = 1024
BLOCK = 128

# Providers keep a prefix for five minutes at least after it was sent (OpenAI says five to ten).
WARM_SECONDS = 300
LATEST_CALLS = 1_000  # that are looked at: after a run of more, its last lessons are known to be warm
# Lessons whose prefix the provider still has: sent lately, to this model, by this prompt.
WARM = f"""
    SELECT DISTINCT item.lesson_id
    FROM (SELECT item_id, state, prompt_version, finished_at FROM model_calls
          WHERE model = split_part(%(recipe)s::text, %(separator)s, 2)
          ORDER BY id DESC LIMIT {LATEST_CALLS}) latest
    JOIN generation_items item ON item.id = latest.item_id
    WHERE latest.state = 'ok' AND latest.prompt_version = split_part(%(recipe)s::text, %(separator)s, 3)
      AND latest.finished_at > clock_timestamp() - interval '{WARM_SECONDS} seconds'
"""  # noqa: S608 constants of ours
# Tokens that all learners of a lesson share: `lesson` is one of pairs.SIZED, `overheads` a parameter.
SHARED = """(lesson.tokens + coalesce(
    (%(overheads)s::jsonb ->> (course.personal_format || ' ' || course.language))::int,
    (%(overheads)s::jsonb ->> 'other')::int))"""
CACHEABLE = f"CASE WHEN {SHARED} < {SHORTEST_CACHED} THEN 0 ELSE {SHARED} / {BLOCK} * {BLOCK} END"
# What is condensed before: lessons in the place of texts. `part` and `material` are the preview's.
TO_CONDENSE = f"""
    SELECT '{CONDENSED.name}' AS format, course.language, count(*) AS texts,
           sum(source_tokens + (source_tokens / {LARGEST_PART} + 1) * {RULES_TOKENS}) AS input_tokens,
           0 AS cacheable_tokens, sum(floor({FILLED} * %(room)s)::int) AS output_tokens
    FROM part JOIN material lesson ON lesson.id = part.lesson_id
    JOIN courses course ON course.id = lesson.course_id
    WHERE verdict = 'write' AND %(origin)s = 'openai' AND source_tokens > %(room)s AND NOT EXISTS (
        SELECT FROM condensed_sources ready WHERE ready.lesson_id = lesson.id
        AND ready.text_tokens <= %(room)s AND ready.language = course.language
        AND ready.source_hash = {SOURCE_HASH} AND ready.prompt_version = '{VERSION}'
        AND ready.model = split_part(%(recipe)s::text, %(separator)s, 2))
    GROUP BY 2"""  # noqa: S608 constants of ours


@dataclass(frozen=True, slots=True)
class Size:
    """Of the prompts in one format and language: `texts` of them, with so many tokens together.

    `cacheable_tokens`: of the input, what a learner before them has brought into the provider's cache: all
    but the first learner of a lesson, and that one too where the lesson was sent just now. `output_tokens`
    None: as answers in the format have.
    """

    format: str
    language: str
    texts: int
    input_tokens: int
    cacheable_tokens: int
    output_tokens: int | None = None


def condensing_size(language: str, sources: Sequence[int], room: int) -> Size:
    """As TO_CONDENSE, of sources with so many tokens each."""
    rules = sum(tokens // LARGEST_PART + 1 for tokens in sources) * RULES_TOKENS
    answers = len(sources) * floor(FILLED * room)
    return Size(CONDENSED.name, language, len(sources), sum(sources) + rules, 0, answers)


def to_condense(sizes: Iterable[Size]) -> int:
    """How many lessons are condensed before."""
    return sum(size.texts for size in sizes if size.format == CONDENSED.name)


@lru_cache(maxsize=16)
def overheads(personal: PersonalPrompt, lesson: PersonalPrompt) -> str:
    """As JSON: what the prompts have beside lesson and answers, by format and language, in tokens.

    lesson: the prompt of standard descriptions.
    """
    known = {
        f"{fmt.name} {language.value}": overhead(
            fmt, language.value, lesson if fmt.name == LESSON.name else personal
        )
        for fmt in (*PERSONAL_FORMATS, LESSON)
        for language in Language
    }
    return json.dumps({**known, "other": max(known.values())})


def overhead(fmt: Format, language: str, prompt: PersonalPrompt) -> int:
    """Tokens of a prompt beside its lesson and answers.

    Of one that cannot be used: what the shipped one has. Nothing is written by it before it is repaired.
    """
    if not prompt.parts:
        prompt = _shipped(fmt)
    blank = Brief("", language, UUID(int=0), "", "", "", None, {}, "", "", fmt, prompt=prompt)
    try:
        sent = messages(blank)
    except WriterError:  # it is a template, and cannot be filled in
        sent = messages(replace(blank, prompt=_shipped(fmt)))
    texts = [message["content"] for message in sent]
    schema = json.dumps(fmt.json_schema(), ensure_ascii=False)
    return sum(estimated_tokens(text) + FRAME for text in texts) + estimated_tokens(schema)


def _shipped(fmt: Format) -> PersonalPrompt:
    return shipped_prompt(LESSON_TEMPLATE) if fmt.name == LESSON.name else shipped_personal_prompt()
