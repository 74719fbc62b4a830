"""The page that asks before a text's lock is taken off."""

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from courses.errors import ChangedMeanwhile
from personalization.models import PersonalizedLessonDescription as Text
from personalization.services.texts import unlock_text

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


def unlock_page(admin: "ModelAdmin[Text]", request: HttpRequest, text: Text) -> HttpResponse:
    """The question; with the answer posted, back to the text. Another lock than the one asked about stays."""
    back = redirect("admin:personalization_personalizedlessondescription_change", text.pk)
    asked = text.edited_at.isoformat() if text.edited_at else ""
    if not asked:
        messages.info(request, _("The text is not locked."))
        return back
    if request.method != "POST":
        context = {
            **admin.admin_site.each_context(request),
            "title": _("Unlock the text"),
            "model_admin": admin,
            "opts": admin.opts,
            "original": text,
            "text": text,
            "edited_at": asked,
        }
        return TemplateResponse(request, "admin/personalization/unlock.html", context)
    try:
        if request.POST.get("edited_at") != asked:
            raise ChangedMeanwhile
        unlock_text(text=text)
    except ChangedMeanwhile:
        messages.warning(request, _("The text was edited again meanwhile: it stays locked."))
        return back
    admin.log_change(request, text, _("Unlocked."))
    messages.success(
        request, _("The text is unlocked. Its words stay until a run or an import writes it again.")
    )
    return back
