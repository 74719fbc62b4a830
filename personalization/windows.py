"""MODEL_WINDOWS: how much each model reads and writes in one call, as the environment says it.

    MODEL_WINDOWS="gpt-4.1-mini = 1047k, 32k out; local-8b = 8k, 2k out; * = 128k, 16k out"

The first number is the whole window in tokens, the second what of it is kept free for an answer; k and m
stand for thousands and millions; `*` is any other model.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings

ANY_MODEL = "*"
EXAMPLE = "gpt-4.1-mini = 1047k, 32k out; * = 128k, 16k out"
_ENTRY = re.compile(
    r"(\d[\d_]*(?:\.\d+)?)\s*([km]?)\s*,\s*(\d[\d_]*(?:\.\d+)?)\s*([km]?)\s*out", re.IGNORECASE
)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_RELEASE = re.compile(r"-\d{4}-\d{2}-\d{2}$")  # a dated release of a model reads what the model reads
SMALLEST = 4_000  # tokens; less has no room for rules, answers and a lesson
LARGEST = 100_000_000  # more is a typing mistake
# Of a prompt beside its lesson: rules, sections, a voice, and a learner's answers, which may be 9,000 tokens.
OTHER_PARTS = 16_000


@dataclass(frozen=True, slots=True)
class Window:
    """Tokens. `output` of them are kept for an answer, with what the model thinks before it."""

    tokens: int
    output: int

    @property
    def room(self) -> int:
        """For what a lesson says. Small windows give a quarter of theirs to the other parts of a prompt."""
        return self.tokens - self.output - min(OTHER_PARTS, self.tokens // 4)


# As their providers list them; whoever has others names them.
SHIPPED = {
    "gpt-4.1": Window(1_047_576, 32_768),
    "gpt-4.1-mini": Window(1_047_576, 32_768),
    "gpt-4.1-nano": Window(1_047_576, 32_768),
    "gpt-4o": Window(128_000, 16_384),
    "gpt-4o-mini": Window(128_000, 16_384),
    "gpt-5": Window(400_000, 128_000),
    "gpt-5-mini": Window(400_000, 128_000),
    "gpt-5-nano": Window(400_000, 128_000),
    ANY_MODEL: Window(128_000, 16_000),
}


@dataclass(frozen=True, slots=True)
class ModelWindows:
    """The windows by model, and every entry that cannot be read, a line each."""

    by_model: dict[str, Window]
    problems: tuple[str, ...]

    def of(self, model: str) -> Window:
        known = self.by_model
        return known.get(model) or known.get(_RELEASE.sub("", model)) or known[ANY_MODEL]


def window_of(model: str) -> Window:
    """By the settings, else by what ships."""
    return read_model_windows(settings.MODEL_WINDOWS).of(model)


@lru_cache(maxsize=8)
def read_model_windows(text: str) -> ModelWindows:
    """What the text says, before what ships; an entry that cannot be read is named in `problems`."""
    given: dict[str, Window] = {}
    problems: list[str] = []
    for entry in filter(None, map(str.strip, text.split(";"))):
        # The last one: nobody says what a model's name may hold.
        model, equals, amounts = (part.strip() for part in entry.rpartition("="))
        if not equals or not model:
            problems.append(f"{entry!r:.80}: a model, “=” and its window are needed")
        elif model in given:
            problems.append(f"{model!r:.80} is named twice")
        elif isinstance(window := _window(amounts), Window):
            given[model] = window
        else:
            problems.append(f"{model!r:.80}: {window}")
    return ModelWindows({**SHIPPED, **given}, tuple(problems))


def _window(text: str) -> Window | str:
    """The window, or what is wrong with it."""
    read = _ENTRY.fullmatch(text)
    if not read:
        return f"{text!r:.40} is not like 128k, 16k out"
    tokens, output = _tokens(read[1], read[2]), _tokens(read[3], read[4])
    if not SMALLEST <= tokens <= LARGEST:
        return f"a window of {SMALLEST:,} to {LARGEST:,} tokens is needed, found {tokens:,}"
    if not 0 < output <= tokens // 2:
        return f"at least 1 token and at most half of the window is kept for an answer, found {output:,}"
    return Window(tokens, output)


def _tokens(number: str, times: str) -> int:
    return round(float(number) * _TIMES[times.lower()])
