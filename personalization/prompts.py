"""Brief and format → messages. What all learners of a lesson share stands first, for the provider's cache."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import takewhile
from typing import Any
from uuid import UUID

from django.utils.translation import get_language

from courses.formats.definition import Format, Kind, Language
from courses.formats.lesson import LESSON
from courses.formats.personal import PERSONAL
from personalization.answers import MORE, NAME_PLACEHOLDER, in_words, key_in_words
from personalization.brief import Brief
from personalization.errors import Permanent, RunBlocked, WriterError
from personalization.personal_prompt import Parts, PersonalPrompt
from personalization.prompt_engine import PromptError
from personalization.tokens import estimated_tokens, most_tokens
from personalization.voice import Voice, voice_values

AGAIN = (
    "Your answer before this one could not be used: {complaint}. Answer again, with the whole JSON object."
)
NOT_FILLED_IN = "not_filled_in"  # an item whose prompt fails with what its lesson or its learner says
# Of a lesson's standard description. By the last message, endpoints know that it is their turn.
WRITE_NOW = "Write the description of this lesson."
LONGEST_COMPLAINT = 300  # characters; it names sections and rules, and a few are enough to do better
LESSONS_KEPT = 32  # more are never written at one time, as a run goes lesson by lesson
# Made once: json.dumps makes an encoder for each call that has options.
_as_json = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(frozen=True)
class Message:
    """The text, the same as a JSON string in UTF-8, and its tokens, about and at most: each made when it is
    wanted."""

    text: str

    @cached_property
    def as_json(self) -> bytes:
        return json_string(self.text)

    @cached_property
    def tokens(self) -> int:
        return estimated_tokens(self.text)

    @cached_property
    def most_tokens(self) -> int:
        return most_tokens(self.text)


def messages(brief: Brief, complaint: str = "") -> list[dict[str, str]]:
    """Two chat messages: the shared part (system), and the learner's (user). Raises as both do."""
    return [
        {"role": "system", "content": shared_part(brief).text},
        {"role": "user", "content": learners_part(brief, complaint)},
    ]


def shared_part(brief: Brief) -> Message:
    """What all learners of a lesson share. Put together, and into JSON, once: a transcript is long.

    Raises RunBlocked where the prompt cannot be used: the next item would fare no better. Permanent
    (`not_filled_in`) where it fails with this lesson only.
    """
    made: Message | None = brief.made.get("shared")
    if made is None:
        guidance = format_guidance(brief.format)
        found = _shared_part(_setting(brief), guidance, brief.lesson_title, brief.summary, brief.transcript)
        if isinstance(found, PromptError):
            raise _failure(brief, found)
        made = brief.made["shared"] = found
    return made


def learners_message(brief: Brief) -> Message:
    """What their cluster asks for, and the answers as JSON.

    Of a lesson's standard description it only says that it is to be written. In one message: some endpoints
    refuse two of the same role in a row. Raises RunBlocked, or Permanent: these answers break the prompt.
    """
    made: Message | None = brief.made.get("own")
    if made is None:
        text = WRITE_NOW if brief.is_template else _own_text(brief)
        if isinstance(text, PromptError):
            raise _failure(brief, text)
        made = brief.made["own"] = Message(text)
    return made


def learners_part(brief: Brief, complaint: str = "") -> str:
    """The same and, where an answer was refused, what was wrong. Raises what it does."""
    return with_complaint(learners_message(brief).text, complaint)


def answers_json(brief: Brief) -> str:
    """The learner's answers as data, on one line: each under its question in words where there are any."""
    answers: dict[str, Any] = {}
    for key, answer in brief.answers.items():
        label = brief.questions.get(key) or key_in_words(key)
        while label in answers:
            label += MORE
        answers[label] = in_words(answer)
    return _as_json({"has_name": brief.name is not None, "answers": answers})


def json_string(text: str) -> bytes:
    """The text as a JSON string in UTF-8. Half of a surrogate pair has none and becomes a question mark."""
    return _as_json(text).encode(errors="replace")


def format_guidance(fmt: Format) -> str:
    """A line for each section that is to be written."""
    kinds = {Kind.TEXT: "text", Kind.LIST: "list of texts"}
    return "\n".join(f"- {s.key} ({kinds[s.kind]}): {s.guidance}" for s in fmt.written)


def said_of_coach(prompt: PersonalPrompt, voice: Voice, language: str) -> str:
    """The lines that the prompt has more where the coach speaks; "" where it has none, or cannot be used."""
    try:
        parts = [_shared_part(_Setting(prompt, language, "", "", of), "", "", "", "") for of in (None, voice)]
    except RunBlocked:
        return ""
    neutral, spoken = (part.text.splitlines() if isinstance(part, Message) else [] for part in parts)
    [*same] = takewhile(lambda pair: pair[0] == pair[1], zip(neutral, spoken, strict=False))
    more = len(spoken) - len(neutral)
    return "\n".join(spoken[len(same) : len(same) + more]).strip()


@dataclass(frozen=True, slots=True)
class _Setting:
    """What both parts of a prompt know."""

    prompt: PersonalPrompt
    language: str
    format_name: str
    course: str
    voice: Voice | None
    # Of the words of a fault, which is kept: the next editor may read another language.
    said_in: str | None = field(default_factory=get_language)

    def values(self) -> dict[str, Any]:
        """The name is its placeholder: the same for all."""
        return {
            "course": {"title": self.course, "language": self.language},
            "format": {"name": self.format_name},
            "coach": voice_values(self.voice),
            "learner": {"name": NAME_PLACEHOLDER},
            "var": self.prompt.variables,
        }


def _setting(brief: Brief) -> _Setting:
    return _Setting(brief.prompt, brief.language, brief.format.name, brief.course_title, brief.voice)


@lru_cache(maxsize=LESSONS_KEPT)
def _shared_part(
    setting: _Setting, guidance: str, title: str, summary: str, transcript: str
) -> Message | PromptError:
    """What fails is kept too: it may have taken a second, and all learners of the lesson ask."""
    values = setting.values()
    values["lesson"] = {"title": title, "summary": summary, "source": transcript}
    values["format"]["guidance"] = guidance
    try:
        text = _parts(setting.prompt).shared.render(values).strip()
    except PromptError as error:
        return PromptError(error.found, error.line)  # without its traceback, which holds the lesson
    return Message(text)


def _own_text(brief: Brief) -> str | PromptError:
    own = _parts(brief.prompt).own
    values = _setting(brief).values()
    values["lesson"] = {"title": brief.lesson_title}
    has_name, answers = brief.name is not None, answers_json(brief)
    values["learner"] |= {"has_name": has_name, "guidance": brief.guidance, "answers": answers}
    try:
        return own.render(values).strip() if own else ""
    except PromptError as error:
        return PromptError(error.found, error.line)  # without its traceback, which holds the lesson


def _parts(prompt: PersonalPrompt) -> Parts:
    if prompt.parts is None:
        raise _blocked(prompt, prompt.problem)
    return prompt.parts


def _failure(brief: Brief, error: PromptError) -> WriterError:
    """Of this item alone, where the prompt can be filled in for others; else of the whole run."""
    prompt = brief.prompt
    if _serves_anybody(prompt, brief.is_template):
        said = f"the prompt {prompt.name} cannot be filled in with what this lesson or this learner says:"
        remedy = "Repair the prompt, or change what they say, then retry what failed."
        failure: WriterError = Permanent(NOT_FILLED_IN, f"{said} {error} {remedy}")
    else:
        failure = _blocked(prompt, str(error))
    failure.__cause__ = error
    return failure


@lru_cache(maxsize=16)
def _serves_anybody(prompt: PersonalPrompt, is_template: bool) -> bool:
    """Whether it can be filled in with the least that a lesson and a learner say, in any language."""
    return any(_is_filled_in(brief) for brief in _plain_briefs(prompt, LESSON if is_template else PERSONAL))


def _plain_briefs(prompt: PersonalPrompt, fmt: Format) -> Iterator[Brief]:
    said, answers = "What is said. " * 15, {"goal": "An answer."}
    for language in Language:
        for name, summary in (("Ada", "Summary."), (None, "")):
            lesson = ("Course", language.value, UUID(int=0), "Lesson", summary, said)
            yield Brief(*lesson, name, answers, "", "", fmt, prompt=prompt)


def _is_filled_in(brief: Brief) -> bool:
    setting, guidance = _setting(brief), format_guidance(brief.format)
    shared = _shared_part(setting, guidance, brief.lesson_title, brief.summary, brief.transcript)
    return not any(isinstance(part, PromptError) for part in (shared, _own_text(brief)))


def _blocked(prompt: PersonalPrompt, problem: str) -> RunBlocked:
    remedy = "Repair it or make another version live, then resume the run."
    return RunBlocked("prompt", f"the prompt {prompt.name} cannot be used: {problem} {remedy}")


def with_complaint(text: str, complaint: str) -> str:
    """The text and, where an answer to it was refused, what was wrong with that."""
    again = AGAIN.format(complaint=_one_line(complaint)) if complaint else ""
    return "\n\n".join(filter(None, (text, again)))


def _one_line(complaint: str) -> str:
    return " ".join(complaint.split())[:LONGEST_COMPLAINT].rstrip(" .")
