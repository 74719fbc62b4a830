"""Two versions of a prompt, compared."""

from django.contrib.admin import ModelAdmin
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from personalization.admin.prompts.line_diff import changed_lines
from personalization.admin.prompts.names import note_said, prompt_label
from personalization.live_prompts import live_content
from personalization.models import PromptEntry, PromptVersion


def compare_page(admin: "ModelAdmin[PromptEntry]", request: HttpRequest, entry: PromptEntry) -> HttpResponse:
    """Of the versions `older` and `newer` in the address. Raises Http404 for what is no version."""
    older, newer = _version(request, entry, "older"), _version(request, entry, "newer")
    context = {
        **admin.admin_site.each_context(request),
        "title": _("Compare: %s") % prompt_label(entry.key),
        "model_admin": admin,
        "opts": admin.opts,
        "entry": entry,
        "older": older,
        "newer": newer,
        "older_note": note_said(older),
        "newer_note": note_said(newer),
        "lines": changed_lines(older.content, newer.content),
        "live": live_content(entry.key),
        "may_change": admin.has_change_permission(request, entry),
    }
    return TemplateResponse(request, "admin/personalization/prompts/compare.html", context)


def _version(request: HttpRequest, entry: PromptEntry, name: str) -> PromptVersion:
    number = request.GET.get(name, "")
    if not (number.isascii() and number.isdigit() and len(number) < 10):
        raise Http404
    found = PromptVersion.objects.select_related("author").filter(key=entry.key, number=int(number)).first()
    if found is None:
        raise Http404
    return found
