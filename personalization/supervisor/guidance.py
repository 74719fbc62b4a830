"""Cluster → what the writer is asked for: emphasis and depth. It claims nothing about the learner.

“Learning styles” have weak evidence, so a text is not written for a kind of person: it only puts one side of
the lesson first. The texts are defaults under the keys of app_config; whoever edits one there makes the texts
stale that were written by it.
"""

import hashlib
from collections.abc import Mapping

from personalization.supervisor.tables import BALANCED, LEVELS, STYLES

type Texts = Mapping[str, Mapping[str, str]]  # key of app_config → language → text

KEY_PREFIX = "prompt_cluster_"
LANGUAGES = ("ru", "en")

_EMPHASIS = {
    "visual": {
        "ru": "На первое место поставьте то, что можно увидеть: место, положение, движение и то, как "
        "выглядит верно сделанное, – насколько об этом сказано в уроке. Описывайте шаги так, чтобы их "
        "можно было представить себе прежде, чем сделать.",
        "en": "Put first what can be seen: the place, the position, the movement, and how it looks when it "
        "is right, as far as the lesson tells it. Describe each step so that it can be pictured before it "
        "is done.",
    },
    "practical": {
        "ru": "На первое место поставьте действие: что сделать, в каком порядке и по чему понять, что "
        "получилось, – насколько об этом сказано в уроке. Объясняйте ровно столько, сколько нужно для "
        "действия.",
        "en": "Put doing first: what to do, in which order, and how to tell that it works, as far as the "
        "lesson tells it. Explain just as much as the doing needs.",
    },
    "theoretical": {
        "ru": "На первое место поставьте причины: почему это делают именно так, на чём это основано и как "
        "связаны части урока, – насколько урок это объясняет. Пусть каждое действие следует из своей "
        "причины.",
        "en": "Put the reasons first: why it is done this way, what it rests on, and how the parts of the "
        "lesson belong together, as far as the lesson explains it. Let each action follow from its reason.",
    },
}
_DEPTH = {
    "basic": {
        "ru": "Пишите обычными словами и короткими предложениями. Термин объясните в том же предложении "
        "или обойдитесь без него. Держитесь основ урока, а не тонкостей, и ведите по одному шагу за раз.",
        "en": "Use everyday words and short sentences. Explain a technical term in the same sentence, or do "
        "without it. Keep to the basics of the lesson rather than its fine points, one step at a time.",
    },
    "advanced": {
        "ru": "Термины урока используйте без объяснений, кроме редких. От основ идите дальше: к тонкостям, "
        "различиям и границам, которые называет урок; очевидное опустите.",
        "en": "Use the lesson's terms without explaining any but the rare ones. Go on from the basics to "
        "the fine points, distinctions and limits that the lesson names; leave out what is obvious.",
    },
}
_TAIL = {
    "ru": "Не упоминайте, на что сделан упор, и ничего не говорите о том, каков читатель. Предостережения "
    "урока сохраните все.",
    "en": "Do not mention what is emphasised, and say nothing about what the reader is like. Keep every "
    "safety note of the lesson.",
}


def _joined(style: str, level: str) -> dict[str, str]:
    return {lang: f"{_EMPHASIS[style][lang]} {_DEPTH[level][lang]} {_TAIL[lang]}" for lang in LANGUAGES}


# Balanced asks for nothing: its texts are those that were written before there were clusters.
DEFAULT_GUIDANCE: Texts = {
    f"{KEY_PREFIX}{BALANCED}": dict.fromkeys(LANGUAGES, ""),
    **{f"{KEY_PREFIX}{style}_{level}": _joined(style, level) for style in STYLES for level in LEVELS},
}


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
