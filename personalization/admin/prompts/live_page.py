"""The page between a draft and its going live: what changes, how many texts are stale, what they cost."""

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from courses.errors import ChangedMeanwhile
from personalization.admin.prompts.effect_words import effect_said
from personalization.admin.prompts.line_diff import changed_lines
from personalization.admin.prompts.names import prompt_label
from personalization.live_prompts import live_content
from personalization.models import PromptEntry, PromptVersion
from personalization.personal_prompt import LESSON_TEMPLATE
from personalization.prompt_engine import PromptError
from personalization.services.prompt_sample import check_prompt
from personalization.services.prompt_versions import effect_of, live_number, make_live


def live_page(
    admin: "ModelAdmin[PromptEntry]", request: HttpRequest, entry: PromptEntry, version: PromptVersion
) -> HttpResponse:
    """Posted, the version is live; back to the prompt's page."""
    if request.method == "POST" and _made_live(admin, request, entry, version):
        return redirect("admin:personalization_promptentry_edit", entry.key)
    live = live_content(entry.key)
    is_live = live == version.content
    problem = "" if is_live else _problem(version)
    effect = None if is_live or problem else effect_of(version)
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Make version %(number)s live: %(prompt)s")
        % {"number": version.number, "prompt": prompt_label(entry.key)},
        "model_admin": admin,
        "opts": admin.opts,
        "entry": entry,
        "version": version,
        "is_live": is_live,
        "problem": problem,
        "seen": live_number(entry.key),
        "lines": changed_lines(live or "", version.content),
        "said": effect_said(effect, of_texts=entry.key != LESSON_TEMPLATE) if effect else None,
    }
    return TemplateResponse(request, "admin/personalization/prompts/live.html", context)


def _made_live(
    admin: "ModelAdmin[PromptEntry]", request: HttpRequest, entry: PromptEntry, version: PromptVersion
) -> bool:
    seen = request.POST.get("seen", "")
    author = request.user if request.user.is_authenticated else None
    try:
        make_live(version=version, seen=int(seen) if seen.isascii() and seen.isdigit() else -1, author=author)
    except ChangedMeanwhile:
        messages.error(request, _("Another version went live after you opened this page. Look again."))
    except PromptError as error:
        messages.error(request, _cannot(error))
    else:
        admin.log_change(request, entry, f"version {version.number} live")
        said = _("Version %(number)s is live: what is written from now on is written with it.")
        messages.success(request, said % {"number": version.number})
        return True
    return False


def _problem(version: PromptVersion) -> str:
    """Why it cannot go live, before anybody presses the button: a variable may be gone, or another."""
    try:
        check_prompt(version.key, version.content)
    except PromptError as error:
        return _cannot(error)
    return ""


def _cannot(error: PromptError) -> str:
    return _("It cannot go live. %(problem)s") % {"problem": error}
