"""Makes the writers. Only workers import this: the model's client takes seconds to load."""

from django.conf import settings

from personalization.models.runs import Backend
from personalization.writers.base import Writer
from personalization.writers.endpoint_memory import DatabaseMemory
from personalization.writers.limits.factory import make_limiter
from personalization.writers.openai import OpenAIWriter
from personalization.writers.simple import SimpleWriter


def make_writer(backend: str) -> Writer:
    """A writer for one event loop; close it on that loop."""
    if backend == Backend.SIMPLE:
        return SimpleWriter()
    return OpenAIWriter(
        api_key=settings.OPENAI_API_KEY,
        base_url=settings.OPENAI_BASE_URL,
        model=settings.OPENAI_MODEL,
        call_seconds=settings.GENERATION_CALL_SECONDS,
        memory=DatabaseMemory(settings.OPENAI_BASE_URL, settings.OPENAI_MODEL),
        limiter=make_limiter(settings.OPENAI_MODEL),
    )
