"""The ledger in the admin: read only, found by links from runs and learners, quick at any size."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from personalization.models import GenerationItem, ModelCall
from tests.builders import (
    make_call,
    make_item,
    make_learner,
    make_lesson,
    make_run,
    make_staff,
    make_superuser,
)

LIST = reverse("admin:personalization_modelcall_changelist")
RUNS = "personalization.view_generationrun"
TEXTS = "personalization.view_personalizedlessondescription"


def page(call: ModelCall) -> str:
    return reverse("admin:personalization_modelcall_change", args=[call.pk])


def made_item(**fields: Any) -> GenerationItem:
    lesson = make_lesson(number=4, title="Плечи")
    return make_item(make_run(), make_learner("u-7", lesson.course), lesson, state="done", **fields)


def shown(client: Client, **query: str) -> list[ModelCall]:
    return list(client.get(LIST, query).context["cl"].result_list)


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser())
    return client


def test_calls_are_listed_newest_first_with_what_they_were_for(admin: Client) -> None:
    calls = [make_call(None, state="bad", error_code="cut")]
    calls.append(make_call(made_item(), actual_micro=12_345, cached_tokens=900))
    html = admin.get(LIST).content.decode()
    assert shown(admin) == calls[::-1]
    for words in ("u-7", "4. Плечи", "0.0123 USD", "1,000 (900), 100", "the answer was cut"):
        assert words in html


def test_what_is_under_way_has_no_cost_yet(admin: Client) -> None:
    call = make_call(made_item(), state="reserved")
    html = admin.get(page(call)).content.decode()
    assert "under way" in html
    assert "0.0020 USD" in html  # reserved


def test_a_link_from_a_run_or_a_learner_shows_their_calls(admin: Client) -> None:
    item = made_item()
    mine = [make_call(item), make_call(item, state="bad")]
    other = make_call(make_item(make_run(), make_learner(), make_lesson(), state="done"))
    assert shown(admin, run=str(item.run_id)) == mine[::-1]
    assert shown(admin, learner=str(item.profile_id)) == mine[::-1]
    assert shown(admin, run="nonsense") == shown(admin) == [other, *mine[::-1]]
    assert shown(admin, learner=str(other.lease_token)) == []


def test_filters_by_state_and_model(admin: Client) -> None:
    good, bad, other = make_call(), make_call(state="bad"), make_call(model="other")
    assert shown(admin, state__exact="bad") == [bad]
    assert shown(admin, model="other") == [other]
    assert shown(admin, model="gpt-4.1-mini") == [bad, good]


def test_nothing_can_be_changed(admin: Client) -> None:
    call = make_call()
    assert admin.post(page(call), {"actual_micro": "0"}).status_code == 403
    assert admin.get(reverse("admin:personalization_modelcall_add")).status_code == 403
    assert admin.post(reverse("admin:personalization_modelcall_delete", args=[call.pk])).status_code == 403
    assert 'name="_save"' not in admin.get(page(call)).content.decode()


def test_an_answer_is_shown_to_who_may_read_texts(client: Client, db: None) -> None:
    call = make_call(made_item(), answer={"why_watch": "Нина, плечи!"})
    client.force_login(make_staff("runs", permissions=[RUNS]))
    assert "Нина, плечи!" not in client.get(page(call)).content.decode()
    client.force_login(make_staff("texts", permissions=[RUNS, TEXTS]))
    assert "Нина, плечи!" in client.get(page(call)).content.decode()


def test_the_list_loads_no_answers_and_counts_no_table(admin: Client) -> None:
    make_call(made_item(), answer={"why_watch": "long"})
    with CaptureQueriesContext(connection) as captured:
        admin.get(LIST)
    statements = [query["sql"] for query in captured if "model_calls" in query["sql"]]
    assert not [sql for sql in statements if '"answer"' in sql]
    assert not [sql for sql in statements if "COUNT(*)" in sql and "LIMIT 10001" not in sql]


def test_what_a_page_passes_over_is_not_joined(admin: Client) -> None:
    item = made_item()
    calls = [make_call(item, rev=number) for number in range(1, 61)]
    with CaptureQueriesContext(connection) as captured:
        assert shown(admin, p="2") == calls[9::-1]
    statements = [query["sql"] for query in captured if "model_calls" in query["sql"]]
    assert len([sql for sql in statements if "OFFSET 50" in sql]) == 1
    assert not [sql for sql in statements if "JOIN" in sql and "OFFSET 50" in sql]


def test_the_call_of_an_erased_learner_has_a_page(admin: Client) -> None:
    item = made_item()
    call = make_call(item)
    item.learner.delete()
    assert admin.get(page(call)).status_code == 200
    assert shown(admin)[0].item is None


def test_who_sees_no_runs_sees_no_calls(client: Client, db: None) -> None:
    call = make_call()
    client.force_login(make_staff(permissions=[TEXTS]))
    assert client.get(LIST).status_code == client.get(page(call)).status_code == 403


def test_an_empty_ledger_says_what_comes_here(admin: Client) -> None:
    assert "No language model has been called yet" in admin.get(LIST).content.decode()
