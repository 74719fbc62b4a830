"""Import this first: it sets Django up on servers and data of its own, in a folder that goes at the end."""

import argparse
import atexit
import logging
import os
import shutil
import signal
import tempfile
from pathlib import Path

VAR = Path(tempfile.mkdtemp(prefix="persona-benchmark-"))
os.environ |= {"DEBUG": "true", "PERSONA_VAR": str(VAR), "DJANGO_SETTINGS_MODULE": "persona_site.settings"}
# Blank, not absent: a developer's .env would fill in what is absent.
os.environ |= dict.fromkeys(("DATABASE_URL", "REDIS_URL", "OPENAI_API_KEY", "OPENAI_BASE_URL"), "")

import django  # noqa: E402

django.setup()
for name in ("django_structlog", "httpx2"):
    logging.getLogger(name).setLevel(logging.WARNING)  # a line for each page or call would hide the table

from persona_site.embedded.postgres import Postgres  # noqa: E402
from persona_site.embedded.valkey import Valkey  # noqa: E402


class Thrown(Postgres):
    """To write a gigabyte to the disk in good order, only to delete it, took longer than anybody waits."""

    stop_signal = signal.SIGQUIT


def _clean_up() -> None:
    Thrown(VAR).stop()
    Valkey(VAR).stop()
    shutil.rmtree(VAR, ignore_errors=True)


atexit.register(_clean_up)


def no_options(description: str | None) -> None:
    """For a benchmark without options: --help tells what it does, anything else is refused."""
    formatter = argparse.RawDescriptionHelpFormatter
    argparse.ArgumentParser(description=description, formatter_class=formatter).parse_args()
