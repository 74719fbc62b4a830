"""How large prompts are, for costs that are estimated before anything is sent."""

import json
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from courses.formats.definition import Format, Language
from courses.formats.lesson import LESSON
from courses.formats.shapes import PERSONAL_FORMATS
from personalization.brief import Brief
from personalization.personal_prompt import LESSON_TEMPLATE, PersonalPrompt, shipped_prompt
from personalization.prompts import messages
from personalization.shipped_config import PERSONALIZATION
from personalization.tokens import estimated_tokens

FRAME = 8  # tokens of a message that are not its text
# Shorter prefixes are not cached, and longer ones in whole blocks: OpenAI's rule, and others' are alike.
SHORTEST_CACHED = 1024
BLOCK = 128

# Tokens that all learners of a lesson share: `lesson` is one of pairs.SIZED, `overheads` a parameter.
SHARED = """(lesson.tokens + coalesce(
    (%(overheads)s::jsonb ->> (course.personal_format || ' ' || course.language))::int,
    (%(overheads)s::jsonb ->> 'other')::int))"""
CACHEABLE = f"CASE WHEN {SHARED} < {SHORTEST_CACHED} THEN 0 ELSE {SHARED} / {BLOCK} * {BLOCK} END"


@dataclass(frozen=True, slots=True)
class Size:
    """Of the prompts in one format and language: `texts` of them, with so many tokens together.

    `cacheable_tokens`: of the input, what a learner before them has brought into the provider's cache: all
    but the first learner of a lesson.
    """

    format: str
    language: str
    texts: int
    input_tokens: int
    cacheable_tokens: int


@lru_cache(maxsize=16)
def overheads(personal: PersonalPrompt, template: PersonalPrompt) -> str:
    """As JSON: what the prompts have beside lesson and answers, by format and language, in tokens."""
    known = {
        f"{fmt.name} {language.value}": overhead(fmt, language.value, prompt)
        for fmt, prompt in (*((fmt, personal) for fmt in PERSONAL_FORMATS), (LESSON, template))
        for language in Language
    }
    return json.dumps({**known, "other": max(known.values())})


def overhead(fmt: Format, language: str, prompt: PersonalPrompt) -> int:
    """Tokens of a prompt beside its lesson and answers."""
    if not prompt.parts:
        # Nothing is written by it before it is repaired: what the shipped one has will do.
        prompt = shipped_prompt(LESSON_TEMPLATE if fmt is LESSON else PERSONALIZATION)
    blank = Brief("", language, UUID(int=0), "", "", "", None, {}, "", "", fmt, prompt=prompt)
    texts = [message["content"] for message in messages(blank)]
    schema = json.dumps(fmt.json_schema(), ensure_ascii=False)
    return sum(estimated_tokens(text) + FRAME for text in texts) + estimated_tokens(schema)
