"""What an endpoint refuses that lacks an ability, in the words that real ones use."""

from collections.abc import Mapping, Set
from typing import Any

from personalization.fake_model.options import Ability

_REFUSALS = {
    Ability.JSON_SCHEMA: (
        "response_format",
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
    ),
    Ability.JSON_OBJECT: ("response_format", "response_format: this type is unavailable now"),
    Ability.MAX_TOKENS: (
        "max_tokens",
        "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
    ),
    Ability.MAX_COMPLETION_TOKENS: (
        "max_completion_tokens",
        "Unrecognized request argument supplied: max_completion_tokens",
    ),
    Ability.STREAM: ("stream", "Streaming is not supported by this model: leave stream out."),
    Ability.STREAM_OPTIONS: ("stream_options", "Unrecognized request argument supplied: stream_options"),
    Ability.WHOLE: ("stream", "This model only supports streaming: set stream to true."),
}


def refusal(data: Mapping[str, Any], lacking: Set[Ability]) -> tuple[str, str] | None:
    """(parameter, message) where the request needs what the endpoint lacks; None: it can be answered."""
    needed = _needed(data)
    return next((_REFUSALS[ability] for ability in Ability if ability in needed & lacking), None)


def _needed(data: Mapping[str, Any]) -> set[Ability]:
    response_format = data.get("response_format")
    kind = response_format.get("type") if isinstance(response_format, dict) else None
    needed = {
        Ability.JSON_SCHEMA: kind == "json_schema",
        Ability.JSON_OBJECT: kind == "json_object",
        Ability.MAX_TOKENS: "max_tokens" in data,
        Ability.MAX_COMPLETION_TOKENS: "max_completion_tokens" in data,
        Ability.STREAM: bool(data.get("stream")),
        Ability.STREAM_OPTIONS: "stream_options" in data,
        Ability.WHOLE: not data.get("stream"),
    }
    return {ability for ability, is_needed in needed.items() if is_needed}
