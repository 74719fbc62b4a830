"""Variables and settings: two editors, what they were, who may read them, what a value does to prompts."""

from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from django.urls import reverse

from personalization.models import ConfigEntry, GenerationRun, PromptVersion, SettingEntry, VariableEntry
from personalization.models.config import DEFAULT_COACH
from personalization.prompt_engine import PromptError
from personalization.services.kept_values import A_PAGE, kept_changes
from personalization.services.prompt_versions import live_number, make_live, save_draft
from personalization.services.settings import SAMPLE_LESSONS, ConfigRefused, setting_value
from personalization.services.variables import (
    delete_variable,
    new_variable,
    prompts_with,
    save_variable,
)
from personalization.shipped_config import PERSONALIZATION, shipped_prompts
from tests.admin_forms import errors_of, filled_in, send, sent_anyway
from tests.builders import make_superuser

SHIPPED = shipped_prompts()[PERSONALIZATION]
CLUSTER = "prompt_cluster_visual_basic"


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser("me"))
    return client


def tone(value: Any = "warm") -> VariableEntry:
    return new_variable(name="tone", value={"content": value})


def used_in(key: str, words: str) -> PromptVersion:
    """A version with these words before the shipped ones, live."""
    version, _ = save_draft(key=key, content=words + shipped_prompts()[key])
    make_live(version=version, seen=live_number(key))
    return version


def page(model: str, name: str, key: str) -> str:
    return reverse(f"admin:personalization_{model}entry_{name}", args=[key.replace("_", "_5F")])


def confirmed(admin: Client, url: str, asked: Any) -> Any:
    return admin.post(url, {**dict(asked.context["sent"]), "confirmed": asked.context["confirmed"]})


# --- two editors ---


def test_a_variable_that_somebody_changed_meanwhile_is_not_overwritten(admin: Client) -> None:
    entry, url = tone(), page("variable", "change", "var_tone")
    mine = {**filled_in(admin, url), "typed": "plain", "description": "mine"}
    save_variable(entry=entry, value={"content": "cool"}, is_public=True)
    refused = admin.post(url, mine)
    assert [found.name for found in refused.context["differences"]] == ["typed", "description", "is_public"]
    assert "Somebody else has changed it since you opened it." in refused.content.decode()
    entry.refresh_from_db()
    assert (entry.value, entry.description, entry.is_public) == ({"content": "cool"}, "", True)
    assert admin.post(url, {**sent_anyway(refused), "typed": "plain"}).status_code == 302
    entry.refresh_from_db()
    assert entry.value == {"content": "plain"}


def test_a_setting_that_somebody_changed_meanwhile_is_not_overwritten(admin: Client) -> None:
    url = page("setting", "change", SAMPLE_LESSONS)
    mine = {**filled_in(admin, url), "typed": "5"}
    send(admin, url, typed="7")
    refused = admin.post(url, mine)
    assert [found.theirs for found in refused.context["differences"]] == ["7"]
    assert setting_value(SAMPLE_LESSONS) == 7
    assert admin.post(url, sent_anyway(refused)).status_code == 302
    assert setting_value(SAMPLE_LESSONS) == 5


def test_what_was_typed_for_a_variable_that_is_gone_comes_back(admin: Client) -> None:
    url = page("variable", "change", tone().key)
    mine = {**filled_in(admin, url), "typed": "My long words."}
    delete_variable(entry=VariableEntry.objects.get(pk="var_tone"))
    answer = admin.post(url, mine)
    assert answer.status_code == 409
    assert "My long words." in answer.content.decode()


# --- what it was ---


def test_a_history_says_who_changed_what_and_brings_it_back(admin: Client) -> None:
    tone("one")
    url = page("variable", "change", "var_tone")
    send(admin, url, typed="two", is_public="on")
    newest = kept_changes("var_tone")[0][0]
    html = admin.get(page("variable", "history", "var_tone")).content.decode()
    for said in (
        "<del>one</del>",
        "<ins>two</ins>",
        "<del>no</del>",
        "me",
        "admin: variable changed",
        "Created",
    ):
        assert said in html
    assert f"../change/?from={newest.id}" in html
    back = f"{url}?from={newest.id}"
    assert "filled in with an earlier value" in admin.get(back).content.decode()
    assert send(admin, back).status_code == 302
    entry = ConfigEntry.objects.get(pk="var_tone")
    assert (entry.value, entry.is_public) == ({"content": "one"}, False)


def test_a_setting_has_its_history_too(admin: Client) -> None:
    url = page("setting", "change", SAMPLE_LESSONS)
    send(admin, url, typed="5")
    html = admin.get(page("setting", "history", SAMPLE_LESSONS)).content.decode()
    assert "<del>20</del>" in html
    assert send(admin, f"{url}?from={kept_changes(SAMPLE_LESSONS)[0][0].id}").status_code == 302
    assert setting_value(SAMPLE_LESSONS) == 20


@pytest.mark.django_db
def test_every_way_to_change_a_value_is_kept_and_prompts_are_not() -> None:
    entry = tone("one")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE app_config SET value = '5' WHERE key = 'var_tone'")
        cursor.execute("UPDATE app_config SET value = value WHERE key = 'var_tone'")
    delete_variable(entry=entry)
    deleted, updated, made = kept_changes("var_tone")[0]
    assert (made.before, made.after and made.after.value) == (None, {"content": "one"})
    assert (updated.before and updated.before.value, updated.after and updated.after.value) == (
        {"content": "one"},
        5,
    )
    assert (deleted.before and deleted.before.value, deleted.after) == (5, None)
    used_in(CLUSTER, "Briefly. ")
    assert kept_changes(CLUSTER) == ([], False)


@pytest.mark.django_db
def test_a_long_history_has_pages() -> None:
    entry = SettingEntry.objects.get(pk=SAMPLE_LESSONS)
    for number in range(1, A_PAGE + 3):
        SettingEntry.objects.filter(pk=entry.pk).update(value=100 + number)
    first, older = kept_changes(entry.pk)
    second, none = kept_changes(entry.pk, 2)
    assert (len(first), older, len(second), none) == (A_PAGE, True, 2, False)
    values = [
        (change.before and change.before.value, change.after and change.after.value) for change in second
    ]
    assert values == [(101, 102), (20, 101)]


# --- who may read it ---


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["prompt_new", "system_new", "default_coach_new", "variable", "x_var_tone"])
def test_only_a_variable_is_entered_as_public(key: str) -> None:
    ConfigEntry.objects.create(key="var_tone", value=5, is_public=True)
    with pytest.raises(IntegrityError, match="app_config_public_variables"):
        ConfigEntry.objects.create(key=key, value=5, is_public=True)


@pytest.mark.django_db
@pytest.mark.parametrize("key", [PERSONALIZATION, CLUSTER, SAMPLE_LESSONS, DEFAULT_COACH])
def test_what_is_private_does_not_become_public(key: str) -> None:
    with pytest.raises(IntegrityError, match="app_config_public_variables"):
        ConfigEntry.objects.filter(pk=key).update(is_public=True)


# --- what a value does to live prompts ---


def test_a_value_that_a_live_prompt_cannot_be_filled_in_with_is_refused_with_its_line(admin: Client) -> None:
    tone("")
    used_in(PERSONALIZATION, "\n{% for a, b in var.tone %}{% endfor %}")
    answer = send(admin, page("variable", "change", "var_tone"), typed="warm")
    [said] = errors_of(answer)["typed"]
    assert "With this value the prompt prompt_personalization could not be used. Line 2: " in said
    assert ConfigEntry.objects.get(pk="var_tone").value == {"content": ""}


@pytest.mark.django_db
def test_a_cluster_prompt_is_tried_with_the_value_too() -> None:
    entry = tone("")
    used_in(CLUSTER, "{% for a, b in var.tone %}{% endfor %}")
    with pytest.raises(ConfigRefused, match=r"prompt_cluster_visual_basic could not be used\. Line 1: "):
        save_variable(entry=entry, value={"content": "warm"})


def test_a_change_is_asked_about_with_what_it_does_and_starts_nothing(admin: Client) -> None:
    tone()
    used_in(PERSONALIZATION, "{{ var.tone }}")
    url = page("variable", "change", "var_tone")
    asked = send(admin, url, typed="plain", description="New")
    html = asked.content.decode()
    assert "It stands in: Texts for learners." in html
    assert "No text becomes stale by this." in html
    assert ("<del>warm</del>" in html, "<ins>plain</ins>" in html) == (True, True)
    entry = ConfigEntry.objects.get(pk="var_tone")
    assert (entry.value, entry.description) == ({"content": "warm"}, "")
    # Another value than the one that was shown is asked about again.
    other = {**dict(asked.context["sent"]), "typed": "cool", "confirmed": asked.context["confirmed"]}
    assert admin.post(url, other).status_code == 200
    assert confirmed(admin, url, asked).status_code == 302
    entry.refresh_from_db()
    assert (entry.value, entry.description) == ({"content": "plain"}, "New")
    assert not GenerationRun.objects.exists()


def test_what_no_live_prompt_uses_is_changed_at_once(admin: Client) -> None:
    tone()
    save_draft(key=PERSONALIZATION, content="{{ var.tone }}" + SHIPPED)
    assert send(admin, page("variable", "change", "var_tone"), typed="plain").status_code == 302


# --- `var` as a whole ---


@pytest.mark.django_db
@pytest.mark.parametrize(
    "words",
    [
        "{% with v=var %}{{ v.tone }}{% endwith %}",
        "{% for name in var %}{{ name }}{% endfor %}",
        "{{ var }}",
        "{% if var %}x{% endif %}",
    ],
)
def test_var_as_a_whole_is_refused_with_its_line_and_counts_where_it_is_live(words: str) -> None:
    entry = tone()
    with pytest.raises(PromptError, match=r"Line 2: “var” stands alone\. Write each variable by its name"):
        save_draft(key=PERSONALIZATION, content=f"\n{words}{SHIPPED}")
    below = SHIPPED.count("\n") + 2
    with pytest.raises(PromptError, match=f"Line {below}: “var” stands alone"):
        save_draft(key=PERSONALIZATION, content=f"{SHIPPED}\n{words}")
    # From before it was refused, or entered with SQL.
    ConfigEntry.objects.filter(pk=PERSONALIZATION).update(value={"content": words + SHIPPED})
    assert prompts_with("tone") == [PERSONALIZATION]
    with pytest.raises(ConfigRefused, match="It stands in: prompt_personalization"):
        delete_variable(entry=entry)
