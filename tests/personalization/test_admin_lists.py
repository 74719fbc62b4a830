"""What all list pages share: queries that no database can answer, and what stands beside the number."""

from typing import Any

import pytest
from django.test import Client

from tests.builders import make_learner, make_superuser
from tests.personalization.test_admin_learners import LIST, LISTS


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def leads_to_the_list(admin: Client, url: str, parameter: str) -> bool:
    response: Any = admin.get(url, {parameter: "\0"}, follow=True)
    return response.status_code == 200 and "cl" in response.context


@pytest.mark.parametrize("parameter", ["course", "language", "backend", "missing", "o", "p", "x\0", "q"])
def test_nul_in_an_address_leads_back_to_the_list(admin: Client, parameter: str) -> None:
    assert leads_to_the_list(admin, LIST, parameter)


@pytest.mark.parametrize("url", LISTS)
def test_nul_leads_back_to_every_list(admin: Client, url: str) -> None:
    assert leads_to_the_list(admin, url, "q")


def test_the_earlier_of_two_parameters_is_looked_at_too(admin: Client) -> None:
    assert admin.get(f"{LIST}?course=%00&course=x", follow=True).status_code == 200


@pytest.mark.parametrize("url", LISTS)
@pytest.mark.parametrize("key", ["x\0", "x", ""])
def test_a_selected_row_that_is_none_is_refused(admin: Client, url: str, key: str) -> None:
    sent = {"action": "delete_selected", "_selected_action": key, "index": "0"}
    assert admin.post(url, sent, follow=True).status_code == 200


def test_all_are_offered_only_where_some_are_left_out(admin: Client) -> None:
    make_learner("u-1")
    assert "Show all" not in admin.get(LIST).content.decode()
    for query in ({"q": "u-1"}, {"answers": "yes"}):
        assert "Show all" in admin.get(LIST, query).content.decode()
