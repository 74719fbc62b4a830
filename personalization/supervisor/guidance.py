"""Cluster → what the writer is asked for: emphasis and depth. It claims nothing about the learner.

“Learning styles” have weak evidence, so a text is not written for a kind of person: it only puts one side of
the lesson first. What ships is in `fixtures/prompts`; app_config holds what is used, under the same keys, and
whoever edits one there makes the texts stale that were written by it.
"""

import hashlib
from collections.abc import Mapping

from personalization.prompt_engine import Names, parse
from personalization.shipped_config import shipped_prompts

type Texts = Mapping[str, Mapping[str, str]]  # key of app_config → language → text

KEY_PREFIX = "prompt_cluster_"
LANGUAGES = ("ru", "en")
NAMES: Names = {"course": frozenset({"language"})}


def _shipped() -> Texts:
    return {
        key: {
            language: parse(text, NAMES).render({"course": {"language": language}}).strip()
            for language in LANGUAGES
        }
        for key, text in shipped_prompts().items()
        if key.startswith(KEY_PREFIX)
    }


# Balanced asks for nothing: its texts are those that were written before there were clusters.
DEFAULT_GUIDANCE: Texts = _shipped()


def guidance(cluster: str, language: str, texts: Texts = DEFAULT_GUIDANCE) -> str:
    """What to add to the prompt; "" for nothing: of balanced, and of what is no cluster."""
    return texts.get(f"{KEY_PREFIX}{cluster}", {}).get(language, "").strip()


def guidance_tag(text: str) -> str:
    """What a guidance adds to a fingerprint; "" of none: then the fingerprint is what it was without."""
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest() if text else ""


def guidance_tags(texts: Texts = DEFAULT_GUIDANCE) -> dict[str, dict[str, str]]:
    """Cluster → language → tag, without those that add nothing. For the database, which does the same."""
    found = {
        key.removeprefix(KEY_PREFIX): {
            language: guidance_tag(text.strip()) for language, text in by_language.items() if text.strip()
        }
        for key, by_language in texts.items()
    }
    return {cluster: tags for cluster, tags in found.items() if tags}
