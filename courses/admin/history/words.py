"""Who and why, as `because` kept it, in words."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

PAGES = {
    "add": gettext_lazy("admin: %(what)s added"),
    "change": gettext_lazy("admin: %(what)s changed"),
    "delete": gettext_lazy("admin: %(what)s deleted"),
    "changelist": gettext_lazy("admin: changed in the list of %(what)s"),
    "bring_back": gettext_lazy("admin: earlier version brought back, %(what)s"),
    "deleted": gettext_lazy("admin: deleted %(what)s brought back"),
    # The names of the pages themselves.
    "order": gettext_lazy("Order of lessons"),
    "unlock": gettext_lazy("Unlock the text"),
}


class Said(Protocol):
    @property
    def metadata(self) -> dict[str, Any] | None: ...

    @property
    def database_user(self) -> str: ...


def user_names(said: Iterable[Said]) -> dict[Any, str]:
    """Id → name of all users who are named; one query."""
    ids = {change.metadata["user"] for change in said if change.metadata and change.metadata.get("user")}
    users = get_user_model()._default_manager.filter(pk__in=ids) if ids else []
    return {user.pk: user.get_username() for user in users}


def who(change: Said, names: Mapping[Any, str]) -> str:
    if change.metadata is None:
        if not change.database_user:
            return _("unknown")
        return _("outside the application (database user %(user)s)") % {"user": change.database_user}
    if change.metadata.get("user"):
        return names.get(change.metadata["user"]) or _("a user who is gone")
    if "run" in change.metadata:
        return _("a run")
    if "command" in change.metadata:
        return _("command %(name)s") % {"name": change.metadata["command"]}
    return _("unknown")


def why(change: Said) -> str:
    metadata = change.metadata or {}
    if "run" in metadata:
        return _("run %(id)s") % {"id": metadata["run"]}
    if "store" in metadata:
        return _("import of the store: %(courses)s") % {"courses": ", ".join(metadata["store"])}
    return _page(str(metadata.get("page", "")))


def _page(name: str) -> str:
    model_name, _underscore, action = name.rpartition("_")
    if model_name.endswith("_bring"):
        model_name, action = model_name.removesuffix("_bring"), "bring_back"
    for model in apps.get_models():
        if action in PAGES and f"{model._meta.app_label}_{model._meta.model_name}" == model_name:
            return str(PAGES[action]) % {"what": model._meta.verbose_name}
    return _("admin") if name else ""
