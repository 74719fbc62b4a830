"""Writers at work on a fake model, over real HTTP."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from personalization.brief import Brief
from personalization.errors import WriterError
from personalization.fake_model import RunningFakeModel
from personalization.writers.base import Draft, Usage
from personalization.writers.facts import Facts
from personalization.writers.openai import OpenAIWriter
from tests.personalization.briefs import brief


class Notebook:
    """A memory that a test can read: what is known, and how often something was put down."""

    def __init__(self, facts: Facts | None = None) -> None:
        self.facts = facts
        self.kept = 0

    def recall(self) -> Facts | None:
        return self.facts

    def remember(self, facts: Facts) -> Facts:
        self.facts = facts
        self.kept += 1
        return facts


class Counting:
    """A limiter that lets everything through and remembers what it was asked and told."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.told: list[tuple[int, Usage | None]] = []
        self.headers: list[dict[str, str]] = []
        self.closed = False

    async def acquire(self, tokens: int, answer: int = 0) -> None:
        self.asked.append(tokens)

    def observe(self, headers: Mapping[str, str], status: int, usage: Usage | None) -> None:
        self.headers.append(dict(headers))
        self.told.append((status, usage))

    async def close(self) -> None:
        self.closed = True


def learners(count: int, like: Brief | None = None) -> list[Brief]:
    """Briefs of so many learners for one lesson."""
    each = [{"motivation": f"Помочь мужу номер {number}"} for number in range(count)]
    return [brief(like, answers=answers) if like else brief(answers=answers) for answers in each]


def write_together(
    model: RunningFakeModel, briefs: Sequence[Brief], complaint: str = "", **options: Any
) -> list[Draft | WriterError]:
    """What came of each brief, all asked for at one moment by one writer."""

    async def work() -> list[Draft | WriterError]:
        settings = {"api_key": "k", "base_url": model.base_url, "model": "m", "call_seconds": 5.0, **options}
        writer = OpenAIWriter(**settings)
        try:
            return await asyncio.gather(*(_written(writer, one, complaint) for one in briefs))
        finally:
            await writer.close()

    return asyncio.run(work())


async def _written(writer: OpenAIWriter, one: Brief, complaint: str) -> Draft | WriterError:
    try:
        return await writer.write(one, complaint)
    except WriterError as error:
        return error
