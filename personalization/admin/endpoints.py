from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from courses.admin.base import BaseAdmin
from personalization.models import Endpoint


@admin.register(Endpoint)
class EndpointAdmin(BaseAdmin[Endpoint]):
    """What workers have found out, to be looked at, or deleted: then the next request finds out anew."""

    list_display = (
        *("model", "base_url", "answers", "limit", "stream", "usage", "fenced", "thinks"),
        "learned_at",
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    *("model", "base_url", "learned_at", "answers", "limit"),
                    *("stream", "stream_usage", "usage", "fenced", "thinks"),
                ),
                "description": _(
                    "Workers found this out by themselves. Where the endpoint has learned something new, "
                    "delete the row: the next request finds out again."
                ),
            },
        ),
    )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Endpoint | None = None) -> bool:
        return False
