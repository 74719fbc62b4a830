"""How an endpoint wants to be asked, and what a refusal teaches about that."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from personalization.models.endpoints import AnswerFormat, TokenLimit

REFUSALS = frozenset((400, 422, 501))  # HTTP; anything else is not about the request's parameters
READ = 1000  # characters of a refusal; what it is about stands in front, behind it may quote the request
# "max_tokens is too large" is about a number, and "context length" about the lesson: the endpoint knows both.
ABOUT_A_VALUE = re.compile(
    r"too (?:large|small|long|high)|at (?:most|least)|maximum|exceed|(?:less|greater) than|context.?length",
    re.IGNORECASE,
)
NO_JSON = "Failed to generate JSON"  # how Groq's message begins, also where a gateway leaves out its code

PARAMETERS = re.compile(
    r"\b(response_format|json_schema|json_object|max_tokens|max_completion_tokens|stream_options|stream)"
    r"(?:ing)?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an endpoint. The first values are what is asked for where nothing is known.

    `answers`, `limit`, `stream`, `stream_usage` and `thinks` (an answer needs room for thinking before it)
    decide what a request holds; `usage` (answers report it) and `fenced` (answers stand in Markdown fences)
    are only told to people.
    """

    answers: str = AnswerFormat.JSON_SCHEMA
    limit: str = TokenLimit.MAX_TOKENS
    stream: bool = False
    stream_usage: bool = True
    usage: bool = True
    fenced: bool = False
    thinks: bool = False


_ANSWERS = {way: place for place, way in enumerate(AnswerFormat.values)}
_LIMITS = {way: place for place, way in enumerate(TokenLimit.values)}


def lowest(one: Facts, other: Facts) -> Facts:
    """What both ways say: each fact starts with what most endpoints can, and only ever steps down."""
    return Facts(
        answers=max(one.answers, other.answers, key=_ANSWERS.__getitem__),
        limit=max(one.limit, other.limit, key=_LIMITS.__getitem__),
        stream=one.stream or other.stream,
        stream_usage=one.stream_usage and other.stream_usage,
        usage=one.usage and other.usage,
        fenced=one.fenced or other.fenced,
        thinks=one.thinks or other.thinks,
    )


def other_way(sent: Facts, status: int, body: object) -> Facts | None:
    """What to send instead, where the refusal names a parameter that was sent and can be done without.

    None: the refusal is about something else, and nothing can be learned from it.
    """
    if status not in REFUSALS or about_the_answer(status, body):
        return None
    named, said = _named(body)
    if "stream_options" in named and sent.stream and sent.stream_usage:
        return replace(sent, stream_usage=False)
    if "stream" in named and not sent.stream:
        return replace(sent, stream=True)
    if named & {"response_format", "json_schema", "json_object"}:
        later = _after(AnswerFormat.values, sent.answers)
        return replace(sent, answers=later) if later else None
    if sent.limit in named and not ABOUT_A_VALUE.search(said):
        later = _after(TokenLimit.values, sent.limit)
        return replace(sent, limit=later) if later else None
    return None


def about_the_answer(status: int, body: object) -> bool:
    """Whether it is the model's answer that is refused, by a gateway that looks for the JSON in it."""
    if status not in REFUSALS or not isinstance(body, dict):
        return False
    return body.get("code") == "json_validate_failed" or str(body.get("message")).startswith(NO_JSON)


def _after(ways: list[str], now: str) -> str | None:
    """The way to try next; None after the last one."""
    return next(iter(ways[ways.index(now) + 1 :]), None)


def _named(body: object) -> tuple[set[str], str]:
    """The parameters that a refusal is about, and what it says.

    Where the endpoint says by itself which parameter it means, its words are not searched for others.
    """
    errors = list(_errors(body))
    places = " ".join(place for place, _ in errors)[:READ].strip()
    said = " ".join(text for _, text in errors)[:READ]
    return {name.lower() for name in PARAMETERS.findall(places or said)}, said


def _errors(body: object) -> Iterator[tuple[str, str]]:
    """(place, message) of each error in the bodies that are in use: OpenAI's, and those of FastAPI."""
    if isinstance(body, str):
        yield "", body
    if not isinstance(body, dict):
        return
    details = body.get("detail")
    if isinstance(details, list):
        # FastAPI repeats the request in `input`: only the place and the message are read.
        for detail in details:
            if isinstance(detail, dict):
                place = detail.get("loc")
                yield ".".join(map(str, place)) if isinstance(place, list) else "", str(detail.get("msg", ""))
        return
    message, param = body.get("message", details), body.get("param")
    yield param if isinstance(param, str) else "", message if isinstance(message, str) else ""
