"""Lessons that are too long for a model, and runs that condense them on the fake one."""

import re
from typing import Any

from pytest_django import Settings

from personalization.fake_model import RunningFakeModel
from personalization.pairs import Selection
from personalization.queries import Progress, progress
from personalization.services.drain import drain
from personalization.services.runs import start_run

SENTENCE = "Положите тёплые ладони на плечи и дышите спокойно вместе с тем, кто лежит перед вами. "
LONG = SENTENCE * 300  # 26,000 characters: about 15,000 tokens


def small_model(fake_model: RunningFakeModel, settings: Settings) -> RunningFakeModel:
    """An endpoint with a window in which LONG does not fit."""
    settings.OPENAI_API_KEY = "test"
    settings.OPENAI_BASE_URL = fake_model.base_url
    settings.MODEL_WINDOWS = "gpt-4.1-mini = 12k, 3k out"  # 6,000 tokens of it for the lesson
    settings.GENERATION_CALL_SECONDS = 10
    settings.GENERATION_RETRY_SECONDS = 0.01
    return fake_model


def finished(run_id: Any) -> Progress:
    """Worked at until nothing of the run is open, as the sweepers would have it."""
    while progress(run_id).state == "open":
        drain()
    return progress(run_id)


def run(**options: Any) -> Progress:
    return finished(start_run(selection=Selection(), backend="openai", **options).run.pk)


def parts_asked(model: RunningFakeModel) -> list[str]:
    """Of the requests that condense: which part of how many."""
    sent = [str(message["content"]) for prompt in model.prompts() for message in prompt["messages"]]  # type: ignore[attr-defined]
    return [found[0] for text in sent if (found := re.match(r"Part \d+ of \d+", text))]
