"""The fake model on the command line."""

import asyncio
import signal
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Callable
from dataclasses import fields
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from personalization.fake_model import (
    ABILITY_NAMES,
    MODE_NAMES,
    FakeModel,
    ListenError,
    Options,
    OptionsError,
    changed,
)

_HELP = """\
Serves a model endpoint for tests and demos: OpenAI's chat completions, without key, cost or network.
Answers fit the request's JSON schema and are made of the words of the lesson and of the learner.

  manage.py fake_model                              every request is answered
  manage.py fake_model --latency 800 --jitter 300   as slow as a real model
  manage.py fake_model --fail 0.1                   one request in ten fails in some passing way
  manage.py fake_model --mode rate_limit,cut --fail 0.3
  manage.py fake_model --mode refusal               every request is refused by the model
  manage.py fake_model --lacks json_schema,usage    as an endpoint that knows less than OpenAI's
  manage.py fake_model --rpm 600 --tpm 200000       OpenAI's limits and headers; 429 above

Then, in the shell that starts the project:
  export OPENAI_BASE_URL=http://127.0.0.1:8901/v1 OPENAI_API_KEY=fake
"""
_EPILOG = f"""\
modes: {", ".join(MODE_NAMES)}
what it may lack: {", ".join(ABILITY_NAMES)}
(whole: it answers only as a stream; max_tokens: it wants max_completion_tokens; the mode thinks: it thinks
for 3,000 tokens before it answers, and its limit counts them)

While it runs:
  curl http://127.0.0.1:8901/stats            requests, modes, tokens, in flight
  curl http://127.0.0.1:8901/prompts?last=1   the last prompts
  curl -d '{{"mode": "quota"}}' http://127.0.0.1:8901/control
  curl -X POST http://127.0.0.1:8901/reset
Whoever reaches the port reads the prompts: keep --host on this machine unless you mean it.
"""


class Command(BaseCommand):
    """Serves until Ctrl-C; no database, no settings but Django's own."""

    help = _HELP
    requires_system_checks = ()
    requires_migrations_checks = False

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> Any:
        """The parser, which keeps the lines of the help as they are."""
        kwargs["formatter_class"] = RawDescriptionHelpFormatter
        return super().create_parser(prog_name, subcommand, epilog=_EPILOG, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Every option of the endpoint, and where it listens."""
        add = parser.add_argument
        add("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
        add("--port", type=int, default=8901, help="port to listen on, 0 for a free one (default: 8901)")
        add("--latency", type=float, default=0, metavar="MS", help="milliseconds before an answer")
        add("--jitter", type=float, default=0, metavar="MS", help="latency differs by up to this")
        add("--fail", type=float, metavar="RATE", help="share of requests that get --mode (default: 1)")
        add("--mode", help="a fault, or several with commas; mixed: those that pass (default with --fail)")
        add("--only", metavar="WORDS", help="only requests that say these words fail")
        add(
            "--lacks",
            metavar="WHAT",
            help="what the endpoint cannot do, with commas (default: it can do all)",
        )
        add("--rpm", type=int, default=0, metavar="N", help="429 above N requests in any minute (0: never)")
        add("--tpm", type=int, default=0, metavar="N", help="429 above N tokens in any minute (0: never)")
        add("--minute", type=float, default=60, metavar="S", help="seconds of that minute (default: 60)")
        add("--silent", dest="announce", action="store_false", help="no x-ratelimit headers: only 429s tell")
        add("--seed", type=int, default=0, metavar="N", help="same seed, same sequence of faults")
        add("--retry-after", type=int, default=1, metavar="S", help="seconds in Retry-After of rate_limit")
        add("--byte-pause", type=float, default=1000, metavar="MS", help="milliseconds between bytes of slow")

    def handle(self, *args: Any, **given: Any) -> None:
        """The counters are printed when the server was stopped."""
        try:
            said = {field.name: given[field.name] for field in fields(Options) if field.name in given}
            options = changed(Options(), said)
        except OptionsError as error:
            raise CommandError("\n".join(map(_as_argument, error.problems))) from None
        try:
            stats = asyncio.run(_serve(options, given["host"], given["port"], self._announce))
        except ListenError as error:
            raise CommandError(str(error)) from None
        self.stdout.write(_summary(stats))

    def _announce(self, base_url: str) -> None:
        self.stdout.write(f"OPENAI_BASE_URL={base_url}")
        self.stdout.write("Set this, and OPENAI_API_KEY to any text, where the project starts.")
        root = base_url.removesuffix("/v1")
        self.stdout.write(f"Counters: {root}/stats  Prompts: {root}/prompts?last=1  Stop: Ctrl-C")
        self.stdout.flush()


async def _serve(
    options: Options, host: str, port: int, announce: Callable[[str], None]
) -> dict[str, object]:
    """The counters, once SIGINT or SIGTERM has come."""
    model = FakeModel(options)
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    await model.start(port, host)
    announce(model.base_url)
    try:
        await stopped.wait()
        return model.engine.counters.stats()
    finally:
        await model.stop()


def _as_argument(problem: str) -> str:
    name, rest = problem.split(":", 1)
    return f"--{name.replace('_', '-')}:{rest}"


def _summary(stats: dict[str, object]) -> str:
    lines = [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in stats.items()]
    return "\n".join(["", *lines])


def _shown(value: object) -> str:
    if not isinstance(value, dict):
        return str(value)
    return ", ".join(f"{key} {count}" for key, count in sorted(value.items())) or "none"
