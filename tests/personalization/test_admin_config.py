"""Variables and settings in the admin: typed values, and no place for secrets."""

from time import thread_time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from personalization.models import Coach, ConfigEntry
from personalization.secret_marks import secret_name_problem, secret_problem
from personalization.services.settings import SAMPLE_LEARNERS, SAMPLE_LESSONS, ConfigRefused, setting_value
from personalization.services.variables import variable_value
from personalization.shipped_config import shipped_prompts
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


# --- secrets ---


@pytest.mark.parametrize(
    "text",
    [
        "sk-proj-abcdefghijklmnop1234",
        "Our key: sk-abcdefghijklmnopqrstuvwx",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.c2lnbmF0dXJl",
        "-----BEGIN RSA PRIVATE KEY-----",
        "postgresql://persona:hunter2@db.example.org/persona",
        "Authorization: Bearer abcdefghijklmnop1234",
        "password: hunter22",
        "пароль = Секрет123",
        "f3a1b9c07d5e4f6a8b2c1d0e9f8a7b6c",
        "dGhpc2lzYXZlcnlsb25nc2VjcmV0a2V5MTIz",
    ],
)
def test_what_looks_like_a_secret_is_refused_with_where_it_belongs(text: str) -> None:
    problem = secret_problem(text)
    assert problem
    assert "Put it into the environment" in problem
    assert text not in problem


@pytest.mark.parametrize(
    "text",
    [
        *shipped_prompts().values(),
        "",
        "тепло и просто",
        "https://example.org/a-page?x=1",
        "Ask for the password of the day.",
        "massage-for-beginners-and-everyone",
        "8 800 555-35-35",
    ],
)
def test_words_are_no_secrets(text: str) -> None:
    assert secret_problem(text) is None


@pytest.mark.parametrize("text", ["a-" * 50_000, "sk-" * 33_000, "eyJ-" * 25_000, "a://" * 25_000])
def test_a_long_text_is_looked_through_at_once(text: str) -> None:
    began = thread_time()
    assert secret_problem(text) is None
    assert thread_time() - began < 2  # minutes, where a repetition has no bound


def test_a_name_for_a_secret_is_one_too() -> None:
    assert secret_name_problem("openai_api_key")
    assert secret_name_problem("signature_line") is None


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
    answer = send(admin, page("variable", "change", FORMAL), typed="no")
    assert answer.status_code == 302
    assert ConfigEntry.objects.get(pk=FORMAL).value is False
    said = admin.get(answer["Location"]).content.decode()
    assert "It stands in: Standard descriptions, Texts for learners." in said
    assert "are stale now" in said


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
