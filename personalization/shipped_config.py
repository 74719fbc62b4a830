"""What comes with the product for app_config: prompts as plain files, variables and settings as one."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_noop

FOLDER = Path(__file__).parent / "fixtures"
NOTE = gettext_noop("As shipped")  # kept in English, translated where it is shown
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


def load_shipped(cursor: Any) -> list[str]:
    """Enters what app_config lacks, and a first version for each prompt without one. The keys that were new.

    The cursor is a migration's, or a test's; what is there already stays as it is.
    """
    prompts = [Shipped(key, {"content": text}) for key, text in shipped_prompts().items()]
    new = []
    for entry in (*prompts, *shipped_values()):
        values = [entry.key, json.dumps(entry.value), entry.description, entry.is_public]
        cursor.execute(_ENTER, values)
        if cursor.rowcount:
            new.append(entry.key)
    cursor.execute(_FIRST_VERSIONS, [new, NOTE])
    return new
