"""Brief and format → messages. What all learners of a lesson share stands first, for the provider's cache."""

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from courses.formats.definition import Format, Kind
from personalization.answers import NAME_PLACEHOLDER
from personalization.brief import Brief
from personalization.errors import RunBlocked
from personalization.personal_prompt import Parts, PersonalPrompt, Variables
from personalization.prompt_engine import PromptError
from personalization.tokens import estimated_tokens

AGAIN = (
    "Your answer before this one could not be used: {complaint}. Answer again, with the whole JSON object."
)
LONGEST_COMPLAINT = 300  # characters; it names sections and rules, and a few are enough to do better
LESSONS_KEPT = 32  # more are never written at one time, as a run goes lesson by lesson
LEARNERS_KEPT = 512  # an item's message is asked for three times: for its price, its limits and its request


@dataclass(frozen=True, slots=True)
class SharedPart:
    """What all learners of a lesson share: the text, the same as a JSON string in UTF-8, and its tokens."""

    text: str
    as_json: bytes
    tokens: int


def messages(brief: Brief, complaint: str = "") -> list[dict[str, str]]:
    """Two chat messages: the shared part (system), and the learner's (user). Raises RunBlocked."""
    return [
        {"role": "system", "content": shared_part(brief).text},
        {"role": "user", "content": learners_part(brief, complaint)},
    ]


def shared_part(brief: Brief) -> SharedPart:
    """Put together, and into JSON, once for a lesson: its transcript is long, and its learners are many.

    Raises RunBlocked where the prompt cannot be used: the next item would fare no better.
    """
    return _shared_part(
        brief.prompt,
        brief.language,
        brief.format.name,
        format_guidance(brief.format),
        brief.course_title,
        brief.lesson_title,
        brief.summary,
        brief.transcript,
    )


def learners_part(brief: Brief, complaint: str = "") -> str:
    """What their cluster asks for, the answers as JSON and, where an answer was refused, what was wrong.

    In one message: some endpoints refuse two of the same role in a row. Raises RunBlocked.
    """
    text = _own_part(
        brief.prompt,
        brief.language,
        brief.format.name,
        brief.course_title,
        brief.lesson_title,
        brief.name is not None,
        brief.guidance,
        answers_json(brief),
    )
    return "\n\n".join(filter(None, (text, _again(complaint))))


def answers_json(brief: Brief) -> str:
    """The learner's answers, as data on one line."""
    return json.dumps({"has_name": brief.name is not None, "answers": brief.answers}, ensure_ascii=False)


def json_string(text: str) -> bytes:
    """The text as a JSON string in UTF-8. Half of a surrogate pair has none and becomes a question mark."""
    return json.dumps(text, ensure_ascii=False).encode(errors="replace")


def format_guidance(fmt: Format) -> str:
    """A line for each section that is to be written."""
    kinds = {Kind.TEXT: "text", Kind.LIST: "list of texts"}
    return "\n".join(f"- {s.key} ({kinds[s.kind]}): {s.guidance}" for s in fmt.written)


def lesson_message(parts: Parts, variables: Variables, brief: Brief) -> str:
    """What a lesson's standard description is asked for with: `prompt_lesson_template`, for a brief without
    a learner. Raises PromptError."""
    values = {
        "course": {"title": brief.course_title, "language": brief.language},
        "lesson": {"title": brief.lesson_title, "summary": brief.summary, "source": brief.transcript},
        "format": {"name": brief.format.name, "guidance": format_guidance(brief.format)},
        "var": variables,
    }
    return parts.shared.render(values).strip()


@lru_cache(maxsize=LESSONS_KEPT)
def _shared_part(
    prompt: PersonalPrompt,
    language: str,
    format_name: str,
    guidance: str,
    course: str,
    title: str,
    summary: str,
    transcript: str,
) -> SharedPart:
    values = _values(prompt, language, course)
    values["lesson"] = {"title": title, "summary": summary, "source": transcript}
    values["format"] = {"name": format_name, "guidance": guidance}
    try:
        text = _parts(prompt).shared.render(values).strip()
    except PromptError as error:
        raise _blocked(prompt, str(error)) from error
    return SharedPart(text, json_string(text), estimated_tokens(text))


@lru_cache(maxsize=LEARNERS_KEPT)
def _own_part(
    prompt: PersonalPrompt,
    language: str,
    format_name: str,
    course: str,
    title: str,
    has_name: bool,
    guidance: str,
    answers: str,
) -> str:
    values = _values(prompt, language, course)
    values["lesson"] = {"title": title}
    values["format"] = {"name": format_name}
    values["learner"] |= {"has_name": has_name, "guidance": guidance, "answers": answers}
    own = _parts(prompt).own
    try:
        return own.render(values).strip() if own else ""
    except PromptError as error:
        raise _blocked(prompt, str(error)) from error


def _values(prompt: PersonalPrompt, language: str, course: str) -> dict[str, Any]:
    """What both parts know. The name is its placeholder: the same for all."""
    return {
        "course": {"title": course, "language": language},
        "coach": {"name": "", "voice": ""},
        "learner": {"name": NAME_PLACEHOLDER},
        "var": prompt.variables,
    }


def _parts(prompt: PersonalPrompt) -> Parts:
    if prompt.parts is None:
        raise _blocked(prompt, prompt.problem)
    return prompt.parts


def _blocked(prompt: PersonalPrompt, problem: str) -> RunBlocked:
    remedy = "Repair it or make another version live, then resume the run."
    return RunBlocked("prompt", f"the prompt {prompt.name} cannot be used: {problem} {remedy}")


def _again(complaint: str) -> str:
    return AGAIN.format(complaint=_one_line(complaint)) if complaint else ""


def _one_line(complaint: str) -> str:
    return " ".join(complaint.split())[:LONGEST_COMPLAINT].rstrip(" .")
