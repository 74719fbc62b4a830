"""What comes with the product for app_config: prompts as plain files, variables and settings as one."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

FOLDER = Path(__file__).parent / "fixtures"
NOTE = gettext_noop("As shipped")  # kept in English, translated where it is shown
PERSONALIZATION = "prompt_personalization"
# Of the prompt that stood in the code before editors owned it: `former_prompt` sends the same, byte for byte.
# It is in the fingerprints of its texts: under another name all of them would be stale, for the same words.
FORMER_VERSION = "fb587269c98f"
FORMER_NOTE = gettext_noop("As it was before prompts had versions")
DRAFT_NOTE = gettext_noop("As shipped since prompts have versions: in Russian and English, try it")
_ENTER = """
    INSERT INTO app_config (key, value, description, is_public) VALUES (%s, %s, %s, %s)
    ON CONFLICT (key) DO NOTHING
"""
# Also of prompts that were there before: a text must be able to name what wrote it.
_FIRST_VERSIONS = """
    INSERT INTO prompt_versions (key, number, content, note)
    SELECT key, 1, value ->> 'content', CASE WHEN key = ANY(%s) THEN %s ELSE '' END FROM app_config entry
    WHERE starts_with(key, 'prompt_') AND jsonb_typeof(value -> 'content') = 'string'
        AND NOT EXISTS (SELECT FROM prompt_versions version WHERE version.key = entry.key)
"""


_WROTE_BEFORE = """
    SELECT EXISTS (SELECT FROM personalized_lesson_descriptions WHERE origin = 'openai' AND fingerprint <> '')
"""
NOTES = (NOTE, FORMER_NOTE, DRAFT_NOTE)
_NAME_FORMER = "UPDATE prompt_versions SET note = %s WHERE key = %s AND number = 1"
_DRAFT = """
    INSERT INTO prompt_versions (key, number, content, note, is_draft) VALUES (%s, 2, %s, %s, true)
    ON CONFLICT (key, number) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class Shipped:
    key: str
    value: Any
    description: str = ""
    is_public: bool = False


@cache
def shipped_prompts() -> dict[str, str]:
    """Key → text."""
    files = sorted((FOLDER / "prompts").glob("prompt_*.txt"))
    return {file.stem: file.read_text(encoding="utf-8") for file in files}


@cache
def shipped_values() -> tuple[Shipped, ...]:
    """Variables and settings."""
    rows = json.loads((FOLDER / "app_config.json").read_text(encoding="utf-8"))
    return tuple(Shipped(**row) for row in rows)


@cache
def former_prompt() -> str:
    """By which a model wrote personal texts before they were in app_config."""
    return (FOLDER / "prompts" / "former" / f"{PERSONALIZATION}.txt").read_text(encoding="utf-8")


def load_shipped(cursor: Any) -> list[str]:
    """Enters what app_config lacks, and a first version for each prompt without one. The keys that were new.

    Where a model has written already, its prompt goes on to be the live one, and no text becomes stale: what
    ships now is a draft then, which editors try and make live when they like. The cursor is a migration's, or
    a test's; what is there already stays as it is.
    """
    cursor.execute(_WROTE_BEFORE)
    [wrote_before] = cursor.fetchone()
    prompts = {**shipped_prompts(), **({PERSONALIZATION: former_prompt()} if wrote_before else {})}
    entries = [Shipped(key, {"content": text}) for key, text in prompts.items()]
    new = []
    for entry in (*entries, *shipped_values()):
        values = [entry.key, json.dumps(entry.value), entry.description, entry.is_public]
        cursor.execute(_ENTER, values)
        if cursor.rowcount:
            new.append(entry.key)
    cursor.execute(_FIRST_VERSIONS, [new, NOTE])
    if wrote_before and PERSONALIZATION in new:
        cursor.execute(_NAME_FORMER, [FORMER_NOTE, PERSONALIZATION])
        cursor.execute(_DRAFT, [PERSONALIZATION, shipped_prompts()[PERSONALIZATION], DRAFT_NOTE])
    return new
