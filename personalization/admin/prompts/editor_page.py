"""A prompt's page: its words to edit, what they may name, and all its versions."""

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import ModelAdmin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from personalization.admin.prompts.names import note_said, prompt_about, prompt_label
from personalization.live_prompts import live_content, live_variables
from personalization.models import PromptEntry, PromptVersion
from personalization.personal_prompt import LESSON_TEMPLATE, known_names, parsed
from personalization.prompt_engine import PromptError
from personalization.services.prompt_versions import LONGEST_NOTE, save_draft, written_by
from personalization.shipped_config import PERSONALIZATION

LONGEST_LINE = 300  # characters of the line that cannot be used
A_PAGE = 50  # versions

# Shown as it is written: a page's own template cannot quote it inside its translated sentences.
CODE = {
    "learner": "{% learner %}",
    "condition": '{% if course.language == "ru" %}…{% else %}…{% endif %}',
}


@dataclass(frozen=True, slots=True)
class Line:
    """A version as the page shows it. `texts`: where what it wrote is listed."""

    version: PromptVersion
    is_live: bool
    note: str
    texts: str


def editor_page(admin: "ModelAdmin[PromptEntry]", request: HttpRequest, entry: PromptEntry) -> HttpResponse:
    """Posted, the words are saved as a draft, or come back with what is wrong."""
    may_change = admin.has_change_permission(request, entry)
    versions = PromptVersion.objects.filter(key=entry.key).select_related("author", "live_by")
    live = live_content(entry.key)
    shown, words, note, problem = _begun_with(request, versions, live), "", "", None
    words = shown.content if shown else live or ""
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied
        words, note = request.POST.get("content", ""), request.POST.get("note", "")
        try:
            return _saved(request, entry.key, words, note)
        except PromptError as error:
            problem = error
    variables = live_variables()
    context = {
        **admin.admin_site.each_context(request),
        "title": prompt_label(entry.key),
        "model_admin": admin,  # the breadcrumbs begin with its list
        "opts": admin.opts,
        "entry": entry,
        "about": prompt_about(entry.key),
        "shown": shown,
        "words": words,
        "note": note,
        "longest_note": LONGEST_NOTE,
        "problem": problem,
        "problem_line": _line(words, problem.line) if problem else "",
        "broken": _broken(entry.key, live, variables),
        **_page_of(request, versions, live),
        "unknown": live is not None and not versions.filter(content=live).exists(),
        "names": _names(entry.key),
        "two_parts": entry.key == PERSONALIZATION,
        "code": CODE,
        "may_change": may_change,
    }
    return TemplateResponse(request, "admin/personalization/prompts/edit.html", context)


def _begun_with(
    request: HttpRequest, versions: QuerySet[PromptVersion], live: str | None
) -> PromptVersion | None:
    """The version that the address names, else the live one. None: the live words are of none."""
    number = request.GET.get("from", "")
    if number.isascii() and number.isdigit() and len(number) < 10:
        return versions.filter(number=int(number)).first()
    return versions.filter(content=live).first() if live is not None else None


def _saved(request: HttpRequest, key: str, words: str, note: str) -> HttpResponse:
    author = request.user if request.user.is_authenticated else None
    version, new = save_draft(key=key, content=words, note=note, author=author)
    if new:
        said = _(
            "Saved as version %(number)s, a draft: nothing is written with it yet. Try it, then make it live."
        )
        messages.success(request, said % {"number": version.number})
        return redirect("admin:personalization_promptentry_try", key, version.number)
    said = _("These are the words of version %(number)s: nothing was saved.")
    messages.info(request, said % {"number": version.number})
    address = reverse("admin:personalization_promptentry_edit", args=[key])
    return redirect(f"{address}?from={version.number}")


def _page_of(request: HttpRequest, versions: QuerySet[PromptVersion], live: str | None) -> dict[str, Any]:
    """The versions before the one that the address names, else the newest; and where there are others."""
    number = request.GET.get("before", "")
    below = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None
    shown = versions if below is None else versions.filter(number__lt=below)
    lines = _lines(shown[: A_PAGE + 1], live)
    of_live = versions.filter(content=live) if live is not None else versions.none()
    return {
        "lines": lines[:A_PAGE],
        "earlier": lines[A_PAGE - 1].version.number if len(lines) > A_PAGE else None,
        "is_later_page": below is not None,
        "live_number": of_live.values_list("number", flat=True).first(),
    }


def _lines(versions: QuerySet[PromptVersion], live: str | None) -> list[Line]:
    return [
        Line(
            version,
            version.content == live,
            note_said(version),
            texts_address(version),
        )
        for version in versions
    ]


def texts_address(version: PromptVersion) -> str:
    """The list of the texts that were written by this version, or of the lessons that it described."""
    described = version.key == LESSON_TEMPLATE
    listed = "courses_lesson" if described else "personalization_personalizedlessondescription"
    address = reverse(f"admin:{listed}_changelist")
    return f"{address}?written_by={written_by(version)}"


def _broken(key: str, live: str | None, variables: dict[str, Any]) -> str:
    """Why the live words cannot be used; "" where they can."""
    try:
        parsed(key, live or "", variables)
    except PromptError as error:
        return str(error)
    return ""


def _line(words: str, number: int | None) -> str:
    """What stands there; "" where the problem is of no line."""
    lines = words.split("\n")
    return lines[number - 1].strip()[:LONGEST_LINE] if number and number <= len(lines) else ""


def _names(key: str) -> list[str]:
    """As an editor writes them; those of the second part have a star."""
    names = known_names(key, live_variables())
    return ["{{ " + name + " }}" + (" *" if below else "") for name, below in names]
