"""The page on which somebody sees what workers have found out of an endpoint, and lets them forget it."""

import pytest
from django.test import Client
from django.urls import reverse

from personalization.models import Endpoint
from personalization.writers.endpoint_memory import remember
from personalization.writers.facts import Facts
from tests.builders import make_staff, make_superuser

pytestmark = pytest.mark.django_db

LIST = reverse("admin:personalization_endpoint_changelist")


@pytest.fixture
def endpoint() -> Endpoint:
    remember(Facts(answers="text"), base_url="http://one.example/v1", model="m-1")
    return Endpoint.objects.get()


def page(endpoint: Endpoint, name: str = "change") -> str:
    return reverse(f"admin:personalization_endpoint_{name}", args=[endpoint.pk])


def test_it_shows_what_is_known_and_nothing_can_be_changed(client: Client, endpoint: Endpoint) -> None:
    client.force_login(make_superuser())
    shown = client.get(LIST).content.decode()
    assert "m-1" in shown
    assert "in the prompt only" in shown
    assert reverse("admin:personalization_endpoint_changelist") in client.get("/admin/").content.decode()
    assert client.post(page(endpoint), {"model": "other"}).status_code == 403
    assert client.get(reverse("admin:personalization_endpoint_add")).status_code == 403
    assert "found this out by themselves" in client.get(page(endpoint)).content.decode()


def test_it_can_be_forgotten(client: Client, endpoint: Endpoint) -> None:
    client.force_login(make_superuser())
    client.post(page(endpoint, "delete"), {"post": "yes"})
    assert not Endpoint.objects.exists()


def test_who_may_only_look_cannot_forget(client: Client, endpoint: Endpoint) -> None:
    client.force_login(make_staff(permissions=["personalization.view_endpoint"]))
    assert client.get(LIST).status_code == 200
    assert client.post(page(endpoint, "delete"), {"post": "yes"}).status_code == 403
    assert Endpoint.objects.exists()
