"""The survey's known questions, in words. Other answers are shown under their humanised key."""

from django.utils.translation import gettext_lazy as _

LABELS = {
    "motivation": _("Why they learn"),
    "motivation_other": _("Why they learn, in their own words"),
    "target_clients": _("For whom"),
    "skills_wanted": _("What they want to be able to do"),
    "fears": _("What worries them"),
    "fears_other": _("What worries them, in their own words"),
    "wow_result": _("The result they hope for"),
    "practice_model": _("Where and on whom they practise"),
    "experience": _("Experience"),
}
