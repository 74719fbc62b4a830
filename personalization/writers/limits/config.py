"""MODEL_LIMITS: what each model's provider allows in a minute, as the environment says it.

    MODEL_LIMITS="gpt-4.1-mini = 500 rpm, 200k tpm; gpt-4.1 = 100 rpm; * = 60 rpm"

rpm are requests and tpm tokens per minute; k and m stand for thousands and millions; `*` is any other model.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

ANY_MODEL = "*"
EXAMPLE = "gpt-4.1-mini = 500 rpm, 200k tpm; * = 60 rpm"
_AMOUNT = re.compile(r"(\d[\d_]*(?:\.\d+)?)\s*([km]?)\s*(rpm|tpm)", re.IGNORECASE)
_TIMES = {"": 1, "k": 1_000, "m": 1_000_000}
_FIELDS = {"rpm": "requests", "tpm": "tokens"}
MOST = 1_000_000_000  # a minute; more is a typing mistake


@dataclass(frozen=True, slots=True)
class Limit:
    """Per minute; 0: the settings name none, so that the provider's answers alone tell."""

    requests: int = 0
    tokens: int = 0


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """The limits by model, and every entry that cannot be read, a line each."""

    by_model: dict[str, Limit]
    problems: tuple[str, ...]

    def of(self, model: str) -> Limit:
        return self.by_model.get(model) or self.by_model.get(ANY_MODEL) or Limit()


@lru_cache(maxsize=8)
def read_model_limits(text: str) -> ModelLimits:
    """What the text says; an entry that cannot be read limits nothing and is named in `problems`."""
    by_model: dict[str, Limit] = {}
    problems: list[str] = []
    for entry in filter(None, map(str.strip, text.split(";"))):
        # The last one: no limit holds a sign of equality, and nobody says what a model's name may hold.
        model, equals, amounts = (part.strip() for part in entry.rpartition("="))
        if not equals or not model:
            problems.append(f"{entry!r:.80}: a model, “=” and its limits are needed")
        elif model in by_model:
            problems.append(f"{model!r:.80} is named twice")
        else:
            by_model[model], wrong = _limit(amounts)
            problems += [f"{model!r:.80}: {problem}" for problem in wrong]
    return ModelLimits(by_model, tuple(problems))


def _limit(text: str) -> tuple[Limit, list[str]]:
    limit, problems = Limit(), []
    for amount in map(str.strip, text.split(",")):
        read = _AMOUNT.fullmatch(amount)
        if not read:
            problems.append(f"{amount!r:.40} is not like 500 rpm or 200k tpm")
            continue
        number, times, unit = read[1], read[2].lower(), read[3].lower()
        value = round(float(number) * _TIMES[times])
        if not 0 < value <= MOST:
            problems.append(f"{amount!r:.40} is not between 1 and {MOST:,} a minute")
        elif getattr(limit, _FIELDS[unit]):
            problems.append(f"{unit} is said twice")
        else:
            limit = replace(limit, **{_FIELDS[unit]: value})
    return limit, problems
