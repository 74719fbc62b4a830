"""Writes from the learner's answers alone, without a network. Never counted as the model's work."""

from typing import Any

from courses.formats.definition import Document, Format
from personalization.answers import NAME_PLACEHOLDER, with_name
from personalization.brief import Brief, Recipe
from personalization.models.texts import Origin
from personalization.writers.base import Draft
from personalization.writers.simple_phrases import PHRASES, Phrases

SIMPLE_VERSION = (
    "simple-1"  # raise it when the phrases change: texts written with the old ones are then stale
)
LONGEST_QUOTE = 160  # characters of an answer that fit into a sentence


class SimpleWriter:
    def recipe(self, fmt: Format) -> Recipe:
        return Recipe(Origin.SIMPLE, "", SIMPLE_VERSION, fmt)

    async def write(self, brief: Brief) -> Draft:
        return Draft(simple_text(brief))

    async def close(self) -> None:
        return None


def simple_text(brief: Brief) -> Document:
    """The five sections of the format `personal`, in the course's language."""
    say = PHRASES[brief.language]
    answer = {key: quoted(brief.answers.get(key)) for key in ANSWER_KEYS}
    goal = answer["wow_result"] or answer["motivation"] or answer["motivation_other"]
    return with_name(
        {
            "summary_short": _joined(
                say.greeting.format(name=NAME_PLACEHOLDER, lesson=brief.lesson_title),
                brief.summary.strip(),
                say.goal.format(goal=goal) if goal else "",
            ),
            "why_watch": _why(answer, say),
            "quick_action": _quick_action(answer, say),
            "social_share": say.share.format(lesson=brief.lesson_title),
            "homework_20m": _homework(answer, brief.lesson_title, say),
        },
        brief.name,
    )


ANSWER_KEYS = (
    "motivation",
    "motivation_other",
    "target_clients",
    "skills_wanted",
    "fears",
    "fears_other",
    "wow_result",
    "practice_model",
)


def quoted(value: Any) -> str:
    """An answer as a part of a sentence: list items with semicolons, no full stop, cut at a word."""
    if isinstance(value, dict):
        value = list(value.values())
    text = "; ".join(quoted(item) for item in value) if isinstance(value, list) else str(value or "")
    text = " ".join(text.split()).rstrip(".!;, ")
    if len(text) <= LONGEST_QUOTE:
        return text
    return text[:LONGEST_QUOTE].rsplit(" ", 1)[0].rstrip(".,;: ") + "…"


def _why(answer: dict[str, str], say: Phrases) -> str:
    fears = answer["fears"] or answer["fears_other"]
    lines = (
        (say.motivation, answer["motivation"] or answer["motivation_other"]),
        (say.skills, answer["skills_wanted"]),
        (say.clients, answer["target_clients"]),
        (say.fears, fears),
    )
    return _joined(*(line.format(answer=text) for line, text in lines if text)) or say.why_default


def _quick_action(answer: dict[str, str], say: Phrases) -> str:
    practice = answer["practice_model"]
    return say.action_with.format(answer=practice) if practice else say.action


def _homework(answer: dict[str, str], lesson: str, say: Phrases) -> list[str]:
    practice = answer["practice_model"]
    steps = [step.format(lesson=lesson) for step in say.homework]
    steps[2] = say.homework_practice.format(answer=practice) if practice else steps[2]
    return steps


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
