"""Fills in admin pages as a browser would: everything that the page shows is sent back, with some changes."""

from typing import Any
from unittest.mock import patch

from django.contrib.messages import get_messages
from django.db.models.fields.files import FieldFile
from django.template.response import TemplateResponse
from django.test import Client


def send(client: Client, url: str, **changes: Any) -> Any:
    """The answer to the page's form, sent back with the changes; field errors are in its context."""
    return client.post(url, {**filled_in(client, url), **changes})


def filled_in(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back of the page as it is now.

    It is read from the page's forms: to make their HTML, which other tests read, would take most of the time.
    """
    with patch.object(TemplateResponse, "rendered_content", property(_told)):
        return _sent(client.get(url))


def _told(page: TemplateResponse) -> str:
    """In the place of the HTML: messages of earlier pages are shown once, and were shown here."""
    list(get_messages(page._request))
    return ""


def sent_anyway(refused: Any) -> dict[str, Any]:
    """What “Save mine anyway” sends of a page that was refused because somebody else was quicker."""
    return {**_sent(refused), "seen": refused.context["seen_now"]}


def _sent(page: Any) -> dict[str, Any]:
    formsets = [inline.formset for inline in page.context_data["inline_admin_formsets"]]
    forms = [page.context_data["adminform"].form]
    for formset in formsets:
        forms += [formset.management_form, *formset.forms]
    data = {field.html_name: field.value() for form in forms for field in form}
    # Of a file that is stored already nothing is sent.
    kept = {name: value for name, value in data.items() if not isinstance(value, FieldFile)}
    return {name: value for name, value in kept.items() if value is not None and value is not False}


def errors_of(response: Any) -> dict[str, list[str]]:
    """Field → messages of a form that was refused; {} of one that was taken."""
    return dict(response.context["adminform"].form.errors) if response.status_code == 200 else {}
