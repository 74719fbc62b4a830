"""How the admin theme looks; kept apart so that settings.py stays about the machine."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

type Permission = Callable[[HttpRequest], bool]


def stylesheet(request: HttpRequest) -> str:
    return static("courses/admin.css")


def icon(request: HttpRequest) -> str:
    return static("courses/favicon.svg")


def seen_by(permission: str) -> Permission:
    return lambda request: request.user.has_perm(permission)


def page(title: Any, symbol: str, model: str, permission: str) -> dict[str, Any]:
    """An entry of the sidebar: the list page of a model ("app_model"), for those who may look at it."""
    return {
        "title": title,
        "icon": symbol,
        "link": reverse_lazy(f"admin:{model}_changelist"),
        "permission": seen_by(permission),
    }


def is_superuser(request: HttpRequest) -> bool:
    return request.user.is_active and request.user.is_superuser


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Persona",
    "SITE_HEADER": "Persona",
    "SITE_SUBHEADER": _("One course, as many courses as learners"),
    "SITE_SYMBOL": "diversity_3",
    "SITE_URL": None,
    "SHOW_LANGUAGES": True,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": icon}],
    "STYLES": [stylesheet],
    "DASHBOARD_CALLBACK": "persona_site.dashboard.add_overview",
    "SIDEBAR": {
        "navigation": [
            {
                "items": [
                    {"title": _("Overview"), "icon": "home", "link": reverse_lazy("admin:index")},
                ]
            },
            {
                "title": _("Content"),
                "items": [
                    page(_("Courses"), "school", "courses_course", "courses.view_course"),
                    page(_("Lessons"), "menu_book", "courses_lesson", "courses.view_lesson"),
                    page(
                        _("Coaches"),
                        "record_voice_over",
                        "personalization_coach",
                        "personalization.view_coach",
                    ),
                    page(
                        _("Surveys"),
                        "checklist",
                        "personalization_coursesurvey",
                        "personalization.view_coursesurvey",
                    ),
                ],
            },
            {
                "title": _("Personalization"),
                "items": [
                    page(_("Learners"), "group", "personalization_profile", "personalization.view_profile"),
                    page(
                        _("Personal texts"),
                        "article",
                        "personalization_personalizedlessondescription",
                        "personalization.view_personalizedlessondescription",
                    ),
                    page(
                        _("Clusters"),
                        "hub",
                        "personalization_usercluster",
                        "personalization.view_usercluster",
                    ),
                    page(
                        _("Refined prompts"),
                        "tune",
                        "personalization_promptrefinement",
                        "personalization.view_promptrefinement",
                    ),
                    page(
                        _("Feedback"),
                        "reviews",
                        "personalization_lessonfeedback",
                        "personalization.view_lessonfeedback",
                    ),
                    page(
                        _("Quiz results"),
                        "quiz",
                        "personalization_quizresult",
                        "personalization.view_quizresult",
                    ),
                    page(
                        _("Runs"),
                        "bolt",
                        "personalization_generationrun",
                        "personalization.view_generationrun",
                    ),
                    {
                        "title": _("Costs"),
                        "icon": "payments",
                        "link": reverse_lazy("admin:personalization_modelcall_costs"),
                        "permission": seen_by("personalization.view_generationrun"),
                    },
                    page(
                        _("Model endpoints"),
                        "hub",
                        "personalization_endpoint",
                        "personalization.view_endpoint",
                    ),
                ],
            },
            {
                "title": _("Prompts"),
                "items": [
                    page(
                        _("Prompts"),
                        "edit_note",
                        "personalization_promptentry",
                        "personalization.view_promptentry",
                    ),
                    page(
                        _("Variables"),
                        "data_object",
                        "personalization_variableentry",
                        "personalization.view_variableentry",
                    ),
                    page(
                        _("Settings"),
                        "settings",
                        "personalization_settingentry",
                        "personalization.view_settingentry",
                    ),
                ],
            },
            {
                "title": _("Access"),
                "items": [
                    {
                        "title": _("Users"),
                        "icon": "person",
                        "link": reverse_lazy("admin:auth_user_changelist"),
                        "permission": is_superuser,
                    },
                    {
                        "title": _("Groups"),
                        "icon": "shield_person",
                        "link": reverse_lazy("admin:auth_group_changelist"),
                        "permission": is_superuser,
                    },
                ],
            },
        ],
    },
}
