"""How the fake model behaves: its faults, its pace, its limits."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from enum import StrEnum


class Mode(StrEnum):
    """One way to answer a request; everything but `ok` is a fault."""

    OK = "ok"
    RATE_LIMIT = "rate_limit"
    SERVER_ERROR = "server_error"
    HANG = "hang"
    SLOW = "slow"
    CUT = "cut"
    BROKEN = "broken"
    BAD_JSON = "bad_json"
    REFUSAL = "refusal"
    CONTENT_FILTER = "content_filter"
    WRONG_LANGUAGE = "wrong_language"
    EMPTY = "empty"
    WRONG_KEYS = "wrong_keys"
    UNAUTHORIZED = "unauthorized"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    QUOTA = "quota"
    ECHO = "echo"
    HTML = "html"
    FENCED = "fenced"
    BAD_REQUEST = "bad_request"
    EXTRA_KEYS = "extra_keys"
    HUGE = "huge"
    OTHER_NAME = "other_name"
    THINKS = "thinks"  # before it answers: no fault, unless the limit leaves no room for it
    NO_JSON = "no_json"
    ERROR_IN_200 = "error_in_200"


class Ability(StrEnum):
    """What an endpoint may lack: a parameter that it refuses, or a part of its answers."""

    JSON_SCHEMA = "json_schema"
    JSON_OBJECT = "json_object"
    MAX_TOKENS = "max_tokens"
    MAX_COMPLETION_TOKENS = "max_completion_tokens"
    STREAM = "stream"
    STREAM_OPTIONS = "stream_options"
    WHOLE = "whole"  # answers in one piece: an endpoint without them only streams
    USAGE = "usage"


# What a second attempt can cure. `slow` would be one too, but holds a request for half an hour.
MIXED = (
    Mode.RATE_LIMIT,
    Mode.SERVER_ERROR,
    Mode.HANG,
    Mode.CUT,
    Mode.BROKEN,
    Mode.BAD_JSON,
    Mode.WRONG_LANGUAGE,
    Mode.EMPTY,
    Mode.WRONG_KEYS,
)
MODE_NAMES = (*(mode.value for mode in Mode), "mixed")
ABILITY_NAMES = tuple(ability.value for ability in Ability)
_DAY_MS = 86_400_000


class OptionsError(ValueError):
    """Every option that cannot be used, one line each, in `problems`."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Options:
    """`mode` is one mode, several with commas, or `mixed`; `lacks` names abilities, with commas.

    `only`: words that a request must say to fail; None: any may.

    `record`: whole requests are kept, for tests that read all that was sent. `tokens`: so many times as many
    are counted of a prompt, as a model does whose tokenizer knows other languages better.

    Times are milliseconds; only `retry_after` and `minute`, the length of what `rpm` and `tpm` call a minute,
    are seconds.
    """

    mode: str | None = None
    fail: float | None = None
    latency: float = 0
    jitter: float = 0
    rpm: int = 0
    tpm: int = 0
    minute: float = 60
    announce: bool = True
    record: bool = False
    seed: int = 0
    retry_after: int = 1
    byte_pause: float = 1000
    lacks: str | None = None
    only: str | None = None
    tokens: float = 1

    def modes(self) -> tuple[Mode, ...]:
        """The modes a failing request draws from."""
        if self.mode is None:
            return (Mode.OK,) if self.fail is None else MIXED
        names = [name.strip() for name in self.mode.split(",")]
        return tuple(mode for name in names for mode in (MIXED if name == "mixed" else (Mode(name),)))

    def lacking(self) -> frozenset[Ability]:
        """What this endpoint cannot do."""
        return (
            frozenset(Ability(name.strip()) for name in self.lacks.split(",")) if self.lacks else frozenset()
        )

    def rate(self) -> float:
        """The share of requests that draw a mode: all of them when a mode stands alone."""
        return 1.0 if self.fail is None else self.fail

    def as_dict(self) -> dict[str, object]:
        """The options as JSON-ready values."""
        return asdict(self)


# Upper bounds: a pause beyond a day is a typing mistake; the others only keep numbers finite.
_LIMITS: dict[str, tuple[float, float]] = {
    "fail": (0, 1),
    "latency": (0, _DAY_MS),
    "jitter": (0, _DAY_MS),
    "rpm": (0, 1_000_000_000),
    "tpm": (0, 1_000_000_000),
    "minute": (0.01, 86_400),
    "seed": (-(2**63), 2**63),
    "retry_after": (0, 10_000_000),
    "byte_pause": (0, _DAY_MS),
    "tokens": (0.01, 1_000),
}
_WHOLE = ("rpm", "tpm", "seed", "retry_after")
_NAMES = {"mode": MODE_NAMES, "lacks": ABILITY_NAMES}
_SWITCHES = ("announce", "record")
_LIMITING = ("rpm", "tpm", "minute", "announce")


def changed(options: Options, changes: Mapping[str, object]) -> Options:
    """The options with these changes; OptionsError with all problems, and then nothing is changed."""
    problems = [problem for key, value in changes.items() if (problem := _problem(key, value))]
    if problems:
        raise OptionsError(problems)
    return replace(options, **changes)  # type: ignore[arg-type]  # each value is checked above


def same_limits(one: Options, other: Options) -> bool:
    """Whether both let through the same requests, and say the same of it."""
    return all(getattr(one, name) == getattr(other, name) for name in _LIMITING)


def _problem(key: str, value: object) -> str:
    if key not in {field.name for field in fields(Options)}:
        known = ", ".join(field.name for field in fields(Options))
        return f"{key!r:.60} is not an option; known: {known}"
    if key in _NAMES:
        return "" if value is None else _name_problem(key, value)
    if key in ("fail", "only") and value is None:
        return ""
    if key == "only":
        return "" if isinstance(value, str) and value else f"only: {value!r:.60} found, words expected"
    if key in _SWITCHES:
        return "" if isinstance(value, bool) else f"{key}: {value!r:.60} found, true or false expected"
    return _number_problem(key, value)


def _name_problem(key: str, value: object) -> str:
    names = [name.strip() for name in value.split(",")] if isinstance(value, str) else [repr(value)]
    wrong = [name[:60] for name in names if name not in _NAMES[key]]
    known = ", ".join(_NAMES[key])
    return f"{key}: {', '.join(map(repr, wrong))} unknown; use one of {known}" if wrong else ""


def _number_problem(key: str, value: object) -> str:
    low, high = _LIMITS[key]
    kind = "a whole number" if key in _WHOLE else "a number"
    right_type = isinstance(value, int if key in _WHOLE else int | float) and not isinstance(value, bool)
    if isinstance(value, int | float) and right_type and low <= value <= high:
        return ""
    return f"{key}: {value!r:.60} found, {kind} from {low:,.20g} to {high:,.20g} expected"
