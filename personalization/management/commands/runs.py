"""manage.py runs: looks at runs and steers them, as the admin's pages do."""

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import override
from rich.console import Console

from courses.terminal import plain_console
from personalization.errors import PlanRefused
from personalization.management.run_finding import found_run
from personalization.management.run_looking import pilot_as_json, print_pilot
from personalization.management.run_showing import print_run, print_runs, run_as_json, runs_as_json
from personalization.management.watching import wait_for
from personalization.models import GenerationRun, RunState
from personalization.pricing import parsed_amount
from personalization.run_report.items_csv import items_csv
from personalization.services.budget import raise_budget
from personalization.services.pilot import Accepted, accept_pilot, nothing_to_look_at
from personalization.services.runs import cancel_run, pause_run, resume_run, retry_failed

LISTED = 20
PIPED_WIDTH = 160

EPILOG = """\
examples:
  manage.py runs                              the last runs: how far each is, and what it waits for
  manage.py runs --state paused               only those
  manage.py runs show latest                  one run: progress, cost, errors by kind, slowest lessons
  manage.py runs wait 3f2a                    watch it until it ends, or until somebody has to decide
  manage.py runs pause 3f2a                   what is being written is finished, nothing more is begun
  manage.py runs resume 3f2a --wait
  manage.py runs retry 3f2a                   what failed is queued again
  manage.py runs cancel 3f2a                  asks first; --yes agrees beforehand
  manage.py runs look 3f2a                    the pilot: what there is now of each text, and the draft
  manage.py runs accept 3f2a                  publishes the drafts, and writes the rest; asks first where
                                              there is no draft yet; --yes agrees beforehand
  manage.py runs raise-budget 3f2a 25.50      what waited for money goes on; "none" takes the limit away
  manage.py runs items 3f2a --output run.csv  every text of the run with state, error, cost and tokens
  manage.py runs show latest --json           for a program; keys are only ever added

"manage.py runs ACTION --help" says what an action takes. RUN is an id as the list shows it, its beginning
(4 characters or more, as long as one run has it), or "latest". To throw a pilot away, cancel its run: every
learner keeps the old text, every lesson its description. A budget is only ever raised. Runs are started with
manage.py personalize and manage.py regenerate_templates.

exit codes: 0 done; 1 there is no such run, its state does not allow it, or (wait, --wait) a text was not
            written; 2 wrong arguments; 130 stopped by Ctrl-C, which never stops the run itself"""

type Steer = Callable[[GenerationRun], bool | int | Accepted | None]

# Action → what it does, what is said then, and what of a run whose state does not allow it.
STEERING: dict[str, tuple[Steer, str, str]] = {
    "pause": (pause_run, "is paused.", "is not open"),
    "resume": (resume_run, "goes on.", "is not paused"),
    "retry": (retry_failed, "has what failed in its queue again.", "has nothing failed that can be retried"),
    "cancel": (cancel_run, "is cancelled. What was written stays.", "has ended already"),
    "accept": (accept_pilot, "goes on; its pilot is published.", "has no pilot that waits for a look"),
}
# What is said instead of a run that somebody has paused, and that only a person lets go on.
STILL_PAUSED = {
    "retry": "has what failed in its queue again, and is still paused: resume it.",
    "accept": "is still paused: its pilot is published when it is resumed.",
}
UNSEEN = "goes on without a look: nothing of the pilot was written."
UNSEEN_PAUSED = "is still paused; its pilot is accepted without a look: nothing of it was written."
# What is asked before; of `accept` only where there is no draft.
QUESTIONS = {
    "cancel": ("cancel cannot be taken back", "Run {run} would end: what is not written yet will not be."),
    "accept": (
        "nothing of the pilot is written: all of the run would go on without a look",
        "Nothing of the pilot is written: all of run {run} would go on without a look.",
    ),
}
HELP = {
    "list": "the last runs; this is done when no action is named",
    "show": "one run: progress, cost, errors by kind, slowest lessons",
    "wait": "show its progress until it ends, or until somebody has to decide",
    "look": "the drafts of its pilot",
    "items": "every text as CSV, with state, error, cost and tokens",
    "pause": "finish what is being written, and begin nothing more",
    "resume": "go on with a paused run",
    "retry": "queue what failed again",
    "cancel": "end it: what is not written yet will not be",
    "accept": "publish the pilot's drafts, and write the rest",
    "raise-budget": "let it spend more",
}
AS_JSON = ("list", "show", "look", *STEERING, "raise-budget")
GOES_ON = ("resume", "retry", "accept", "raise-budget")  # --wait makes sense after these


class Command(BaseCommand):
    help = "Lists runs, shows one, and pauses, resumes, cancels, retries or accepts it."

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        kwargs |= {"epilog": EPILOG, "formatter_class": argparse.RawDescriptionHelpFormatter}
        return super().create_parser(prog_name, subcommand, **kwargs)

    def add_arguments(self, parser: CommandParser) -> None:
        parser.set_defaults(state=None, limit=LISTED, json=False, wait=False, yes=False, output=None)
        _add_list_options(parser)
        actions = parser.add_subparsers(dest="action", metavar="ACTION", required=False)
        for name, words in HELP.items():
            action = actions.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
            if name == "list":
                _add_list_options(action)
                continue
            action.add_argument("run", metavar="RUN", help='its id, the beginning of it, or "latest"')
            if name == "raise-budget":
                action.add_argument("amount", metavar="AMOUNT", help='such as 25.50; "none": without a limit')
            if name in QUESTIONS:
                action.add_argument("--yes", action="store_true", help="do not ask")
            if name == "items":
                action.add_argument("--output", type=Path, metavar="FILE", help="default: standard output")
            if name in GOES_ON:
                action.add_argument("--wait", action="store_true", help="then show progress until it ends")
            if name in AS_JSON:
                action.add_argument("--json", action="store_true", help="the answer as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        with override("en"):
            try:
                self._do(options)
            except KeyboardInterrupt:
                raise CommandError("Stopped.", returncode=130) from None

    def _do(self, options: dict[str, Any]) -> None:
        action = options["action"] or "list"
        if action == "list":
            runs = _listed(options)
            self._print(options, partial(runs_as_json, runs), lambda console: print_runs(console, runs))
            return
        run = found_run(options["run"])
        if action == "show":
            self._print(options, partial(run_as_json, run), lambda console: print_run(console, run))
        elif action == "look":
            self._print(options, partial(pilot_as_json, run), lambda console: print_pilot(console, run))
        elif action == "items":
            self._write_items(run, options["output"])
        elif action == "wait":
            wait_for(_console(), run.pk)
        else:
            self._steer(run, options)

    def _print(
        self,
        options: dict[str, Any],
        as_json: Callable[[], dict[str, Any]],
        print_it: Callable[[Console], None],
    ) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(as_json(), ensure_ascii=False, indent=2))
        else:
            print_it(_console())

    def _steer(self, run: GenerationRun, options: dict[str, Any]) -> None:
        """Raises CommandError where the run's state does not allow it."""
        action = options["action"]
        if action == "raise-budget":
            said = _raised(run, options["amount"])
        else:
            if not options["yes"] and (
                action == "cancel" or (action == "accept" and nothing_to_look_at(run))
            ):
                self._ask(run, action)
            said = _steered(run, action)
        if options["json"]:
            self.stdout.write(json.dumps(run_as_json(run), ensure_ascii=False, indent=2))
        else:
            self.stdout.write(f"Run {run.pk} {said}")
        if options["wait"]:
            wait_for(_console(stderr=options["json"]), run.pk)

    def _ask(self, run: GenerationRun, action: str) -> None:
        """Raises CommandError unless the person at the terminal agrees."""
        why, question = QUESTIONS[action]
        if not (sys.stdin and sys.stdin.isatty()):
            raise CommandError(f"{why}, and there is no terminal to ask at: say --yes", returncode=2)
        self.stderr.write(f"{question.format(run=run.pk)} Type yes: ", ending="")
        self.stderr.flush()
        if sys.stdin.readline().strip().lower() != "yes":
            raise CommandError("Nothing was changed.")

    def _write_items(self, run: GenerationRun, output: Path | None) -> None:
        if output is None:
            for piece in items_csv(run.pk):
                self.stdout.write(piece, ending="")
            return
        try:
            # The file takes its name when it is whole.
            part = output.with_name(f"{output.name}.part")
            with part.open("w", encoding="utf-8", newline="") as file:
                file.writelines(items_csv(run.pk))
            part.replace(output)
        except OSError as error:
            raise CommandError(f"{output} cannot be written: {error.strerror}.") from error
        self.stdout.write(f"Written: {output}")


def _console(*, stderr: bool = False) -> Console:
    """As wide as the terminal; what a program or a file gets is not broken to 80 columns."""
    console = plain_console(stderr=stderr)
    return console if console.is_terminal else plain_console(stderr=stderr, width=PIPED_WIDTH)


def _add_list_options(parser: CommandParser) -> None:
    # Without defaults: those of the action would undo what was said before it.
    add = partial(parser.add_argument, default=argparse.SUPPRESS)
    add("--state", choices=RunState.values, help="only runs in this state")
    add("--limit", type=_positive, metavar="N", help=f"how many runs; default: {LISTED}")
    add("--json", action="store_true", help="the answer as JSON")


def _listed(options: dict[str, Any]) -> list[GenerationRun]:
    runs = GenerationRun.objects.select_related("course")
    if options["state"]:
        runs = runs.filter(state=options["state"])
    return list(runs[: options["limit"]])


def _steered(run: GenerationRun, action: str) -> str:
    """What to say; raises CommandError where nothing was done."""
    do, said, refused = STEERING[action]
    try:
        did = do(run)
    except PlanRefused as error:
        raise CommandError(str(error)) from error
    if not did:
        raise CommandError(f"Run {run.pk} {refused}: nothing was changed.")
    run.refresh_from_db()
    paused = run.state == RunState.PAUSED
    if isinstance(did, Accepted) and not did.drafts:
        return UNSEEN_PAUSED if paused else UNSEEN
    return STILL_PAUSED.get(action, said) if paused else said


def _raised(run: GenerationRun, text: str) -> str:
    """What to say; raises CommandError where nothing was raised."""
    amount = None
    if text != "none":
        try:
            amount = parsed_amount(text)
        except ValueError as error:
            raise CommandError(str(error), returncode=2) from error
    raised = raise_budget(run, amount)
    run.refresh_from_db()
    if raised:
        return "has no budget any more." if amount is None else "has a higher budget; what waited goes on."
    raise CommandError(f"Run {run.pk} {_not_raised(run)}: nothing was changed.")


def _not_raised(run: GenerationRun) -> str:
    if run.state not in (RunState.OPEN, RunState.PAUSED):
        return "has ended"
    if run.budget_micro is None:
        return "has no budget"
    return "has that budget or a higher one"


def _positive(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < int(text) < 10_000):
        raise argparse.ArgumentTypeError(f"a whole number above 0 is needed, found {text!r}")
    return int(text)
