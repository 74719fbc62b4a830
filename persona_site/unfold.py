"""How the admin theme looks; kept apart so that settings.py stays about the machine."""

from typing import Any

from django.utils.translation import gettext_lazy as _

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Persona",
    "SITE_HEADER": "Persona",
    "SITE_SUBHEADER": _("One course, as many courses as learners"),
    "SHOW_LANGUAGES": True,
}
