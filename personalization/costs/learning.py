"""What the ledger's last calls of a model teach: its tokens against our estimates, and what failures cost."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from courses.formats.lesson import LESSON
from personalization.condensing.prompt import MARK
from personalization.live_prompts import live_prompts
from personalization.models.runs import Kind
from personalization.pairs import DESCRIBED_TOKENS, LEARNER_TOKENS, LESSON_TOKENS
from personalization.sizes import CACHEABLE, SHARED, overheads
from personalization.windows import window_of

SAMPLE = 1_000  # of the last good calls; more would take time and change nothing
RUNS = 100  # of standard descriptions that are looked at
FEWEST = 5  # fewer say more about one lesson than about the model
MOST_WASTE = 3.0  # an hour of trouble is no price

# What was condensed for texts has no text's tokens.
GOOD = f"""call.model = %(model)s AND call.state = 'ok' AND call.call_no = 1
    AND NOT starts_with(call.prompt_version, '{MARK}')
    AND call.input_tokens > 0 AND call.output_tokens > 0"""
# Lessons and answers are measured as they are today; the calls were made with what they were then.
LEARN = f"""
    WITH called AS MATERIALIZED (
        SELECT good.*, item.lesson_id, item.profile_id,
               row_number() OVER (PARTITION BY good.run_id, item.lesson_id ORDER BY good.id) > 1 AS follows
        FROM (SELECT call.id, item_id, call.run_id, input_tokens, cached_tokens, output_tokens
              FROM model_calls call JOIN generation_items asked ON asked.id = call.item_id
              WHERE {GOOD} AND asked.kind = 'personalize'
              ORDER BY call.id DESC LIMIT %(sample)s) good
        JOIN generation_items item ON item.id = good.item_id
    ), lesson AS MATERIALIZED (
        SELECT lesson.id, course_id, {LESSON_TOKENS} AS tokens
        FROM lessons lesson JOIN courses course ON course.id = lesson.course_id
        WHERE lesson.id IN (SELECT lesson_id FROM called)
    ), learner AS MATERIALIZED (
        SELECT id, {LEARNER_TOKENS} AS tokens FROM profiles profile
        WHERE id IN (SELECT profile_id FROM called)
    )
    SELECT course.personal_format, course.language, count(*), sum(called.output_tokens),
           sum(called.input_tokens), sum({SHARED} + learner.tokens),
           coalesce(sum(called.cached_tokens) FILTER (WHERE called.follows), 0),
           coalesce(sum({CACHEABLE}) FILTER (WHERE called.follows), 0)
    FROM called JOIN lesson ON lesson.id = called.lesson_id JOIN learner ON learner.id = called.profile_id
    JOIN courses course ON course.id = lesson.course_id
    GROUP BY 1, 2
"""  # noqa: S608 constants of ours
# Standard descriptions: found by their runs, which are few among many. No two of a run share a prefix.
LEARN_TEMPLATES = f"""
    WITH called AS MATERIALIZED (
        SELECT item.lesson_id, call.input_tokens, call.output_tokens
        FROM (SELECT id FROM generation_runs WHERE kind = 'templates'
              ORDER BY created_at DESC LIMIT {RUNS}) run
        JOIN model_calls call ON call.run_id = run.id JOIN generation_items item ON item.id = call.item_id
        WHERE {GOOD} ORDER BY call.id DESC LIMIT %(sample)s
    ), lesson AS MATERIALIZED (
        SELECT lesson.id, course.language, {DESCRIBED_TOKENS} AS tokens
        FROM lessons lesson JOIN courses course ON course.id = lesson.course_id
        WHERE lesson.id IN (SELECT lesson_id FROM called)
    )
    SELECT '{LESSON.name}', lesson.language, count(*), sum(called.output_tokens), sum(called.input_tokens),
           sum(lesson.tokens + (%(overheads)s::jsonb ->> ('{LESSON.name} ' || lesson.language))::int), 0, 0
    FROM called JOIN lesson ON lesson.id = called.lesson_id
    GROUP BY lesson.language
"""  # noqa: S608 constants of ours
WASTE = """
    SELECT sum(actual_micro), sum(actual_micro) FILTER (WHERE state = 'ok')
    FROM (SELECT state, actual_micro FROM model_calls
          WHERE model = %(model)s AND state <> 'reserved' ORDER BY id DESC LIMIT %(sample)s) recent
"""


@dataclass(frozen=True, slots=True)
class Factors:
    """To multiply estimates with: `cached` of the tokens that could come from the provider's cache; None: as
    many as of the input."""

    input: float = 1.0
    cached: float | None = None


@dataclass(frozen=True, slots=True)
class Learned:
    """Of so many past calls; as it stands here where nothing was learned.

    `all`: of all calls together. `texts`: by (format, language), where there were enough: a model's tokenizer
    does better in one language than in another. `output`: tokens of an answer by (format, language).
    `waste`: what all calls cost, for what good ones did.
    """

    calls: int = 0
    all: Factors = Factors()
    texts: dict[tuple[str, str], Factors] = field(default_factory=dict)
    output: dict[tuple[str, str], float] = field(default_factory=dict)
    waste: float = 1.0

    def of(self, fmt: str, language: str) -> Factors:
        return self.texts.get((fmt, language), self.all)


def learned(model: str, kind: str = Kind.PERSONALIZE) -> Learned:
    """From the model's last calls for such texts, whatever run they were for."""
    prompts = live_prompts()
    of_prompts = overheads(prompts.personal, prompts.lesson)
    values: dict[str, str | int] = {"model": model, "sample": SAMPLE, "overheads": of_prompts}
    values["room"] = window_of(model).room
    with connection.cursor() as cursor:
        cursor.execute(LEARN_TEMPLATES if kind == Kind.TEMPLATES else LEARN, values)
        rows = cursor.fetchall()
        cursor.execute(WASTE, values)
        spent, useful = cursor.fetchone()
    calls = sum(row[2] for row in rows)
    if calls < FEWEST:
        return Learned()
    return Learned(
        calls=calls,
        all=_factors(rows),
        texts={
            (fmt, language): _factors([row])
            for row in rows
            for fmt, language, count in [row[:3]]
            if count >= FEWEST
        },
        output={(fmt, language): float(output / count) for fmt, language, count, output, *_ in rows},
        waste=min(MOST_WASTE, float(spent / useful)) if useful else 1.0,
    )


def _factors(rows: Sequence[Sequence[Any]]) -> Factors:
    used, estimated, cached, cacheable = (sum(row[place] for row in rows) for place in (4, 5, 6, 7))
    factor = float(used / estimated)
    # Of texts that others of their run and lesson came before: what the first of them found is chance.
    return Factors(factor, min(factor, float(cached / cacheable)) if cacheable else None)
