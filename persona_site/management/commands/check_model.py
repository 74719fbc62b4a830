"""manage.py check_model: what the configured endpoint can do, and what workers remember of it."""

import argparse
import json
from dataclasses import asdict
from io import StringIO
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils.translation import override
from rich.table import Table

from courses.terminal import plain_console
from persona_site.faults import explain_database_error
from personalization.models.endpoints import AnswerFormat
from personalization.writers.endpoint_check import FAILED, Finding, check_endpoint
from personalization.writers.endpoint_memory import forget, recall
from personalization.writers.facts import Facts
from personalization.writers.limits.view import read_limits
from personalization.writers.registry import backend_problem

WIDTH = 100
NOTHING = "nothing yet: the first request of a worker finds out"

EPILOG = """\
examples:
  manage.py check_model                do key, address and model fit, and what works?
  manage.py check_model --json         for a program; keys are only ever added
  manage.py check_model --forget       the endpoint has learned something new: let workers find out again
  OPENAI_MODEL=other manage.py check_model
                                       another model, before a run uses it

Sends four to ten requests of a few tokens each; no text of yours, and no learner's. What an endpoint lacks
(a JSON schema, whole answers, max_tokens, usage) workers find out by themselves, once, and do without; what
they remember is told in the line "remembered". Workers that are at work know it until their present round
ends, in ten minutes at most. The last line tells the limits that all workers keep to now (MODEL_LIMITS, and
what the provider's answers said). The key is never shown.

exit codes: 0 texts can be written with this endpoint; 1 they cannot, and the reason is told in one line;
            2 wrong arguments; 130 stopped by Ctrl-C"""


class Command(BaseCommand):
    help = "Tries the endpoint of the language model with a few tiny requests, and tells what works."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="the findings as JSON")
        parser.add_argument(
            "--forget",
            action="store_true",
            help="forget first what workers remember of this endpoint and model",
        )
        parser.add_argument(
            "--seconds",
            type=_seconds,
            default=30.0,
            metavar="S",
            help="patience with a request (default: 30)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            if problem := backend_problem("openai"):
                raise CommandError(problem)
        here = {"base_url": settings.OPENAI_BASE_URL, "model": settings.OPENAI_MODEL}
        try:
            if options["forget"]:
                forget(**here)
            remembered = recall(**here)
            found = check_endpoint(api_key=settings.OPENAI_API_KEY, seconds=options["seconds"], **here)
        except (Error, psycopg.Error) as error:
            if (explanation := explain_database_error(error)) is None:
                raise
            raise CommandError(explanation) from error
        except KeyboardInterrupt:
            raise CommandError("Stopped.", returncode=130) from None
        with override("en"):
            limits = read_limits(settings.OPENAI_MODEL).sentences()
        if options["json"]:
            told = _as_json(here, found, remembered) | {"limits": limits}
            self.stdout.write(json.dumps(told, ensure_ascii=False, indent=2))
        else:
            self.stdout.write(_as_text(here, found, remembered, limits), ending="")
        if failure := _failure(found):
            raise CommandError(f"{failure.name}: {failure.says}")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 3600:
        raise argparse.ArgumentTypeError(f"a number above 0 is needed, 3600 at most; found {text!r}")
    return seconds


def _failure(found: list[Finding]) -> Finding | None:
    return next((finding for finding in found if finding.state == FAILED), None)


def _as_json(here: dict[str, str], found: list[Finding], remembered: Facts | None) -> dict[str, Any]:
    failure = _failure(found)
    return {
        "ok": failure is None,
        "endpoint": here,
        "findings": [asdict(finding) for finding in found],
        "remembered": asdict(remembered) if remembered else None,
        "problem": f"{failure.name}: {failure.says}" if failure else None,
    }


def _as_text(here: dict[str, str], found: list[Finding], remembered: Facts | None, limits: list[str]) -> str:
    console = plain_console(file=StringIO(), width=WIDTH, record=True, force_terminal=False)
    console.print(f"{here['model']} at {here['base_url']}", markup=False, highlight=False, soft_wrap=True)
    table = Table(box=None, show_header=False)
    for finding in found:
        table.add_row(finding.name, finding.state, finding.says)
    table.add_row("remembered", "yes" if remembered else "no", _told(remembered))
    table.add_row("limits", "", " ".join(limits))
    console.print(table)
    return console.export_text()


def _told(facts: Facts | None) -> str:
    """How workers ask, in words."""
    if facts is None:
        return NOTHING
    form = "in the prompt only" if facts.answers == AnswerFormat.TEXT else f"by {facts.answers}"
    said = [
        f"the form of an answer is asked for {form}",
        f"its length by {facts.limit}" if facts.limit != "none" else "its length is not limited",
        "answers are streamed" if facts.stream else "",
        "without stream_options" if facts.stream and not facts.stream_usage else "",
        "" if facts.usage else "usage is missing",
        "some stand in Markdown fences" if facts.fenced else "",
        "they have room for what the model thinks" if facts.thinks else "",
    ]
    return "; ".join(filter(None, said))
