"""Writes from the learner's answers alone, without a network. Never counted as the model's work."""

from collections.abc import Callable
from typing import Any

from courses.formats.definition import Document
from courses.formats.personal import EXTENDED, PERSONAL
from personalization.answers import NAME_PLACEHOLDER, with_name
from personalization.brief import Brief
from personalization.condensing.prompt import KEY, PartBrief
from personalization.writers.base import Draft, Usage
from personalization.writers.simple_phrases import EXTENDED_PHRASES, PHRASES, Phrases

SIMPLE_VERSION = (
    "simple-1"  # raise it when the phrases change: texts written with the old ones are then stale
)
LONGEST_QUOTE = 160  # characters of an answer that fit into a sentence

type Answers = dict[str, str]
"""The learner's answers as parts of a sentence; empty where nothing was answered."""


class SimpleWriter:
    def estimate(self, brief: Brief | PartBrief) -> Usage:
        return Usage()

    async def write(self, brief: Brief, complaint: str = "") -> Draft:
        return Draft(simple_text(brief))

    async def condense(self, brief: PartBrief, complaint: str = "") -> Draft:
        """As it is: no sentence of this writer is taken from it."""
        return Draft({KEY: brief.part.text})

    async def close(self) -> None:
        return None


def simple_text(brief: Brief) -> Document:
    """The sections of the brief's format, in the course's language."""
    answers = {key: quoted(brief.answers.get(key)) for key in ANSWER_KEYS}
    return with_name(SECTIONS[brief.format.name](brief, answers), brief.name)


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


def _personal(brief: Brief, answers: Answers) -> Document:
    say = PHRASES[brief.language]
    return {
        "summary_short": _joined(_summary(brief, say), _about(say.goal, _goal(answers))),
        "why_watch": _why(answers, say) or say.why_default,
        "quick_action": _about(say.action_with, answers["practice_model"]) or say.action,
        "social_share": say.share.format(lesson=brief.lesson_title),
        "homework_20m": _homework(answers, brief.lesson_title, say),
    }


def _extended(brief: Brief, answers: Answers) -> Document:
    say, more = PHRASES[brief.language], EXTENDED_PHRASES[brief.language]
    practice = answers["practice_model"]
    return {
        "introduction": _summary(brief, say),
        "why_it_matters_for_you": _joined(
            _about(say.motivation, _motivation(answers)), _about(say.clients, answers["target_clients"])
        )
        or say.why_default,
        "key_takeaways": [
            more.takeaway_topic.format(lesson=brief.lesson_title),
            _about(more.takeaway_skills, answers["skills_wanted"]) or more.takeaway_choice,
            more.takeaway_pace,
        ],
        "practical_application": _about(more.application_practice, practice) or more.application,
        "addressing_fears": _about(say.fears, _fears(answers)),
        "personalized_homework": _joined(
            more.homework.format(lesson=brief.lesson_title),
            _about(more.homework_practice, practice) or more.homework_notes,
        ),
        "motivational_quote": _about(more.quote_goal, _goal(answers)) or more.quote,
    }


# By the format's name. A format that is added to PERSONAL_FORMATS needs sentences here, and nothing else.
SECTIONS: dict[str, Callable[[Brief, Answers], Document]] = {
    PERSONAL.name: _personal,
    EXTENDED.name: _extended,
}


def _summary(brief: Brief, say: Phrases) -> str:
    greeting = say.greeting.format(name=NAME_PLACEHOLDER, lesson=brief.lesson_title)
    return _joined(greeting, brief.summary.strip())


def _goal(answers: Answers) -> str:
    return answers["wow_result"] or _motivation(answers)


def _motivation(answers: Answers) -> str:
    return answers["motivation"] or answers["motivation_other"]


def _fears(answers: Answers) -> str:
    return answers["fears"] or answers["fears_other"]


def _why(answers: Answers, say: Phrases) -> str:
    return _joined(
        _about(say.motivation, _motivation(answers)),
        _about(say.skills, answers["skills_wanted"]),
        _about(say.clients, answers["target_clients"]),
        _about(say.fears, _fears(answers)),
    )


def _homework(answers: Answers, lesson: str, say: Phrases) -> list[str]:
    steps = [step.format(lesson=lesson) for step in say.homework]
    steps[2] = _about(say.homework_practice, answers["practice_model"]) or steps[2]
    return steps


def _about(phrase: str, answer: str) -> str:
    """The sentence with the answer in it; empty where nothing was answered."""
    return phrase.format(answer=answer) if answer else ""


def _joined(*sentences: str) -> str:
    return " ".join(sentence for sentence in sentences if sentence)
