"""The run that a person means: by its id, the id's beginning, or as the latest."""

import re

from django.core.management.base import CommandError
from django.db.models import TextField
from django.db.models.functions import Cast

from personalization.models import GenerationRun

FEWEST = 4  # characters of an id's beginning
LATEST = "latest"


def found_run(text: str) -> GenerationRun:
    """Raises CommandError that says what is wrong with what was typed."""
    if text == LATEST:
        run = GenerationRun.objects.first()
        if run is None:
            raise CommandError("There is no run yet. Start one: manage.py personalize")
        return run
    wanted = text.strip().lower()
    if not re.fullmatch(r"[0-9a-f-]+", wanted) or len(wanted) < FEWEST:
        raise CommandError(
            f'{text!r} is no id of a run: write it, or {FEWEST} of its first characters, or "latest".',
            returncode=2,
        )
    as_text = GenerationRun.objects.annotate(id_text=Cast("pk", TextField()))
    found = list(as_text.filter(id_text__startswith=wanted)[:2])
    if not found:
        raise CommandError(f"There is no run {text!r}. List them: manage.py runs")
    if len(found) > 1:
        raise CommandError(f"Several runs begin with {text!r}: write more of the id.")
    return found[0]
