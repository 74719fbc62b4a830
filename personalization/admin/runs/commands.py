"""What a person may do with a run from its page: buttons, what is asked before and said after."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from courses.admin.held import telling_when_held
from personalization.admin.rights import may_run
from personalization.errors import PlanRefused
from personalization.models import GenerationRun, ItemState, Pilot, RunState
from personalization.models.runs import Kind
from personalization.pricing import money, parsed_amount
from personalization.queries import Progress, progress
from personalization.run_report.words import grouped
from personalization.services.budget import raise_budget
from personalization.services.pilot import Accepted, accept_pilot, throw_away_pilot
from personalization.services.runs import cancel_run, pause_run, resume_run, retry_failed

CHANGED = _("The run's state did not allow that: it has changed meanwhile.")
UNSEEN = _("The run goes on without a look: nothing of the pilot was written.")
UNSEEN_PAUSED = _(
    "The pilot is accepted without a look: nothing of it was written. The run is still paused: let it go on."
)


@dataclass(frozen=True, slots=True)
class Command:
    """`do` is truthy where it did something; `question` is asked before, where there is one.

    `done_paused`: what is said where the run is still paused; `done_lessons`: where it writes lessons'
    descriptions; `refused`: where nothing was done.
    """

    name: str
    label: Any
    done: Any
    do: Callable[[GenerationRun], bool | int | Accepted | None]
    question: Any = None
    dangerous: bool = False
    done_paused: Any = None
    done_lessons: Any = None
    refused: Any = CHANGED


COMMANDS = {
    command.name: command
    for command in (
        Command(
            "pause",
            _("Pause"),
            _("The run is paused: what is being written is finished, nothing more is begun."),
            pause_run,
        ),
        Command("resume", pgettext_lazy("run", "Go on"), _("The run goes on."), resume_run),
        Command(
            "retry",
            _("Retry what failed"),
            _("What had failed is in the queue again."),
            retry_failed,
            done_paused=_("What had failed is in the queue again. The run is still paused: let it go on."),
            refused=_(
                "Nothing was changed: nothing has failed, or another run is writing these texts by now."
            ),
        ),
        Command(
            "cancel",
            _("Cancel the run"),
            _("The run is cancelled. Texts that were written stay."),
            cancel_run,
            _("Cancel this run?"),
            dangerous=True,
        ),
        Command(
            "accept",
            _("Accept and go on"),
            _("The pilot is accepted: its texts are published, and the run goes on."),
            accept_pilot,
            done_paused=_(
                "The pilot is accepted. The run is still paused: its texts are published when it goes on."
            ),
        ),
        Command(
            "throw_away",
            _("Throw the pilot away"),
            _("The pilot is thrown away and the run is cancelled. Every learner keeps the old text."),
            throw_away_pilot,
            _("Throw this pilot away?"),
            dangerous=True,
            done_lessons=_(
                "The pilot is thrown away and the run is cancelled. The lessons keep what they have."
            ),
            refused=_("There is no pilot to throw away: it has been decided on already."),
        ),
    )
}
BUDGET = "raise_budget"  # has an amount with it
ON_THE_PILOTS_PAGE = ("accept", "throw_away")


def allowed_commands(now: Progress) -> list[Command]:
    """The buttons of the run's page, as its state allows: some of pause, resume, retry, cancel."""
    names = {RunState.OPEN: ["pause", "cancel"], RunState.PAUSED: ["resume", "cancel"]}
    allowed = names.get(RunState(now.state), [])
    if now.counts.get(ItemState.FAILED) and now.state != RunState.CANCELLED:
        allowed = [*allowed[:1], "retry", *allowed[1:]]
    return [COMMANDS[name] for name in allowed]


def run_command(admin: "ModelAdmin[GenerationRun]", request: HttpRequest, run: GenerationRun) -> HttpResponse:
    """Does what `command` in the form says; back to the run's page."""
    if not may_run(request):
        raise PermissionDenied
    name = request.POST.get("command", "")
    if request.method != "POST" or name not in {*COMMANDS, BUDGET}:
        return HttpResponseNotAllowed(["POST"])
    with telling_when_held(request):
        if name == BUDGET:
            _raise_budget(admin, request, run)
        else:
            _do(admin, request, run, COMMANDS[name])
    return redirect("admin:personalization_generationrun_change", run.pk)


def _do(
    admin: "ModelAdmin[GenerationRun]", request: HttpRequest, run: GenerationRun, command: Command
) -> None:
    try:
        did = command.do(run)
    except PlanRefused as refused:
        messages.error(request, str(refused))
        return
    if not did:
        messages.warning(request, command.refused)
        return
    run.refresh_from_db(fields=["state"])
    unseen = isinstance(did, Accepted) and not did.drafts
    _done(admin, request, run, command.label, _said(command, run, unseen=unseen))


def _said(command: Command, run: GenerationRun, *, unseen: bool) -> Any:
    """What is said of what was done. `unseen`: a pilot was accepted of which there was no draft."""
    paused = run.state == RunState.PAUSED
    if unseen:
        return UNSEEN_PAUSED if paused else UNSEEN
    if run.kind == Kind.TEMPLATES and command.done_lessons:
        return command.done_lessons
    return command.done_paused if paused and command.done_paused else command.done


def question_page(
    admin: "ModelAdmin[GenerationRun]", request: HttpRequest, run: GenerationRun, name: str
) -> HttpResponse:
    """Says what the command would take away, and asks."""
    if not may_run(request):
        raise PermissionDenied
    command = COMMANDS.get(name)
    if command is None or not command.question:
        raise Http404
    is_pilot = run.pilot in (Pilot.WRITING, Pilot.WAITING)
    if command.name == "throw_away" and not is_pilot:
        messages.warning(request, command.refused)
        return redirect("admin:personalization_generationrun_change", run.pk)
    now = progress(run.pk)
    context = {
        **admin.admin_site.each_context(request),
        "title": command.question,
        "model_admin": admin,  # the breadcrumbs begin with its list
        "command": command,
        "run": run,
        "written": grouped(now.counts.get(ItemState.DONE, 0)),
        "left": grouped(now.total - now.ended),
        "done": now.counts.get(ItemState.DONE, 0),
        "cancels": command.name == "cancel",
        "may_cancel": run.state in (RunState.OPEN, RunState.PAUSED),
        "is_pilot": is_pilot,
        "of_lessons": run.kind == Kind.TEMPLATES,
    }
    return TemplateResponse(request, "admin/personalization/run_question.html", context)


def _raise_budget(admin: "ModelAdmin[GenerationRun]", request: HttpRequest, run: GenerationRun) -> None:
    try:
        amount = parsed_amount(request.POST.get("budget", ""))
    except ValueError as error:
        messages.error(request, str(error))
        return
    if raise_budget(run, amount):
        said = _("The budget is raised: what waited for it goes on within seconds.")
        _done(admin, request, run, _("Raised the budget to {amount}").format(amount=money(amount)), said)
    else:
        messages.error(
            request, _("Nothing was changed: the amount must be above the budget that the run has now.")
        )


def _done(
    admin: "ModelAdmin[GenerationRun]", request: HttpRequest, run: GenerationRun, what: Any, said: Any
) -> None:
    # Who did it is kept: a run costs money, and has many operators.
    admin.log_change(request, run, str(what))
    messages.success(request, said)
