"""Variables and settings in the admin: typed values, and no place for secrets."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from personalization.models import Coach, ConfigEntry
from personalization.services.settings import SAMPLE_LEARNERS, SAMPLE_LESSONS, ConfigRefused, setting_value
from personalization.services.variables import variable_value
from tests.admin_forms import errors_of, send
from tests.builders import make_superuser

FORMAL = "var_formal_address"


@pytest.fixture
def admin(client: Client, db: None) -> Client:
    client.force_login(make_superuser("me"))
    return client


def page(model: str, name: str, key: str = "") -> str:
    args = [key.replace("_", "_5F")] if key else []
    return reverse(f"admin:personalization_{model}entry_{name}", args=args)


# --- variables ---


@pytest.mark.parametrize(
    ("kind", "typed", "value"),
    [
        ("text", "a\r\nb", {"content": "a\nb"}),
        ("text", "", {"content": ""}),
        ("number", " 20 ", 20),
        ("number", "1,5", 1.5),
        ("number", "-3", -3),
        ("yes_no", "yes", True),
        ("yes_no", "no", False),
    ],
)
def test_a_value_is_of_its_kind(kind: str, typed: str, value: Any) -> None:
    found = variable_value(kind, typed)
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("kind", "typed", "said"),
    [
        ("number", "many", "Write a number"),
        ("number", "nan", "Write a number"),
        ("number", "1e400", "Write a number"),
        ("number", "", "Write a number"),
        ("yes_no", "maybe", "Choose yes or no"),
        ("text", "x" * 20_001, "20001 characters"),
        ("text", "a\0", "NUL"),
        ("text", "sk-proj-abcdefghijklmnop1234", "key or a password"),
    ],
)
def test_a_value_that_is_not_is_refused(kind: str, typed: str, said: str) -> None:
    with pytest.raises(ConfigRefused, match=said):
        variable_value(kind, typed)


def new(**changes: str) -> dict[str, str]:
    return {"name": "tone", "kind": "text", "typed": "warm", "description": "", **changes}


def confirmed(admin: Client, url: str, asked: Any) -> Any:
    """The answer to the page that says what a value would do, sent as it is."""
    return admin.post(url, {**dict(asked.context["sent"]), "confirmed": asked.context["confirmed"]})


def test_a_variable_is_added_changed_and_listed_apart_from_prompts(admin: Client) -> None:
    assert admin.post(page("variable", "add"), new(is_public="on")).status_code == 302
    entry = ConfigEntry.objects.get(pk="var_tone")
    assert (entry.value, entry.is_public) == ({"content": "warm"}, True)
    assert send(admin, page("variable", "change", "var_tone"), typed="plain").status_code == 302
    entry.refresh_from_db()
    assert entry.value == {"content": "plain"}
    html = admin.get(page("variable", "changelist")).content.decode()
    assert "var_tone" in html
    assert "var_formal_address" in html
    assert "prompt_personalization" not in html
    assert "system_" not in html


@pytest.mark.parametrize(
    ("changes", "field", "said"),
    [
        ({"name": "Tone!"}, "name", "small Latin letters"),
        ({"name": "formal_address"}, "name", "There is a variable of this name already."),
        ({"name": "api_key"}, "name", "Put it into the environment"),
        ({"typed": "sk-proj-abcdefghijklmnop1234"}, "typed", "Put it into the environment"),
        ({"kind": "number"}, "typed", "Write a number"),
        ({"kind": "date"}, "kind", "Select a valid choice"),
        ({"description": "password: hunter22"}, "description", "Put it into the environment"),
    ],
)
def test_a_bad_variable_is_refused_at_its_field(
    changes: dict[str, str], field: str, said: str, admin: Client
) -> None:
    answer = admin.post(page("variable", "add"), new(**changes))
    assert said in errors_of(answer)[field][0]
    assert ConfigEntry.objects.filter(key__startswith="var_").count() == 1


def test_a_change_says_which_prompts_use_it(admin: Client) -> None:
    asked = send(admin, page("variable", "change", FORMAL), typed="no")
    html = asked.content.decode()
    assert "It stands in: Standard descriptions, Texts for learners." in html
    assert "No text becomes stale by this." in html
    assert ConfigEntry.objects.get(pk=FORMAL).value is True
    answer = confirmed(admin, page("variable", "change", FORMAL), asked)
    assert answer.status_code == 302
    assert ConfigEntry.objects.get(pk=FORMAL).value is False
    assert "is stale now. Nothing is written anew" in admin.get(answer["Location"]).content.decode()


def test_what_a_live_prompt_uses_is_not_deleted(admin: Client) -> None:
    assert admin.post(page("variable", "delete", FORMAL), {"post": "yes"}).status_code == 403
    admin.post(page("variable", "add"), new())
    assert admin.post(page("variable", "delete", "var_tone"), {"post": "yes"}).status_code == 302
    assert list(ConfigEntry.objects.filter(key__startswith="var_").values_list("pk", flat=True)) == [FORMAL]


# --- settings ---


@pytest.mark.parametrize("typed", ["0", "201", "x", "", "1.5", "²", "999999999"])
def test_a_setting_is_checked_by_its_key(typed: str, admin: Client) -> None:
    answer = send(admin, page("setting", "change", SAMPLE_LESSONS), typed=typed)
    assert errors_of(answer)["typed"] == ["Write a whole number from 1 to 200."]
    assert setting_value(SAMPLE_LESSONS) == 20


def test_a_setting_is_changed(admin: Client) -> None:
    assert send(admin, page("setting", "change", SAMPLE_LESSONS), typed=" 5 ").status_code == 302
    assert setting_value(SAMPLE_LESSONS) == 5
    assert setting_value(SAMPLE_LEARNERS) == 20


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["many", 0, {"a": 1}, [5], True])
def test_a_setting_that_sql_made_nonsense_of_is_its_default(value: Any) -> None:
    ConfigEntry.objects.filter(pk=SAMPLE_LESSONS).update(value=value)
    assert setting_value(SAMPLE_LESSONS) == 20


def test_the_default_coach_is_an_active_one(admin: Client) -> None:
    address = page("setting", "change", "default_coach")
    away = Coach.objects.create(name="Anna", is_active=False)
    for typed in ("Anna", str(away.pk)):
        assert (
            "This coach is not active, or was deleted."
            in errors_of(send(admin, address, typed=typed))["typed"][0]
        )
    coach = Coach.objects.create(name="Boris")
    offered = admin.get(address).content.decode()
    assert ("Boris" in offered, "Anna" in offered) == (True, False)
    send(admin, address, typed=str(coach.pk))
    assert "Boris" in admin.get(page("setting", "changelist")).content.decode()
    assert setting_value("default_coach") == {"default_coach_id": str(coach.pk)}
    send(admin, address, typed="")
    assert setting_value("default_coach") == {"default_coach_id": None}


def test_a_setting_of_another_version_is_shown_and_left_alone(admin: Client) -> None:
    ConfigEntry.objects.create(key="system_other", value={"a": 1})
    html = admin.get(page("setting", "changelist")).content.decode()
    assert "This version does not know it: nothing uses it." in html
    assert "Lessons that a prompt is tried with" in html
    address = page("setting", "change", "system_other")
    assert admin.get(address).status_code == 200
    assert admin.post(address, {"typed": "5"}).status_code == 403
