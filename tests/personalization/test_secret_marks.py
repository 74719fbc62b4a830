"""What looks like a secret is refused with where it belongs, and words about secrets are not."""

from time import thread_time

import pytest

from personalization.secret_marks import secret_name_problem, secret_problem
from personalization.services.settings import ConfigRefused
from personalization.services.variables import check_new_name, variable_value
from personalization.shipped_config import shipped_prompts

HINT = "Put it into the environment"


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
        "password: correct horse battery staple",
        "The door. Passphrase = correct horse battery staple",
        "My password is hunter22!",
        "пароль = Секрет123",
        "Пароль: корова летела домой",
        "f3a1b9c07d5e4f6a8b2c1d0e9f8a7b6c",
        "Write to the service with f3a1b9c07d5e4f6a8b2c1d0e9f8a7b6c only.",
        "dGhpc2lzYXZlcnlsb25nc2VjcmV0a2V5MTIz",
        "123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0",
        "Bot: 987654321:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw0, for the school",
        "api_key=abc123def456",
        "secret: x9!kLm2#",
        "client secret: 8f2d-11aa-9c",
        "pwd: qwerty12",
        "password:12345678",
        "password: hunter",
        "my Password — Winter2026",
    ],
)
def test_what_looks_like_a_secret_is_refused_with_where_it_belongs(text: str) -> None:
    with pytest.raises(ConfigRefused) as refused:
        variable_value("text", text)
    assert HINT in str(refused.value)
    assert text not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        *shipped_prompts().values(),
        "",
        "тепло и просто",
        "https://example.org/a-page?x=1",
        "Ask for the password of the day.",
        "massage-for-beginners-and-everyone",
        "massage-for-beginners-2026-edition",
        "8 800 555-35-35",
        "Secret: the trick is to breathe",
        "Secret: breathe slowly, then press",
        "The secret is patience",
        "Секрет: дышите ровно и не спешите",
        "Password: ask for it at the desk",
        "The password is on the door.",
        "Пароль: спросите у ведущего",
        "Key: warm hands",
        "Access key points of the lesson: hands",
        "Meet at 12:30, room 4",
        "Lesson 3: 20 minutes",
        "Tokens are counted, 1 token = 4 characters",
        "secrets of a good massage: oil, time, quiet",
        "Bearer of good news: the coach",
    ],
)
def test_words_are_no_secrets(text: str) -> None:
    assert variable_value("text", text) == {"content": text}


@pytest.mark.parametrize(
    "text",
    [
        *("a-" * 50_000, "sk-" * 33_000, "eyJ-" * 25_000, "a://" * 25_000),
        *("password " * 10_000, "secret: a " * 10_000, " " * 100_000, "1" * 100_000),
    ],
)
def test_a_long_text_is_looked_through_at_once(text: str) -> None:
    began = thread_time()
    assert secret_problem(text) is None
    assert thread_time() - began < 2  # minutes, where a repetition has no bound


@pytest.mark.parametrize(
    "name",
    [
        *("openai_api_key", "telegram_bot_token", "password", "db_passwd", "client_secret", "token"),
        *("access_tokens", "private_key", "school_credentials", "secret_access_key"),
    ],
)
def test_a_name_for_a_secret_is_one_too(name: str) -> None:
    assert HINT in (secret_name_problem(name) or "")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    [
        *("signature_line", "max_tokens", "max_token_count", "token_limit", "tokens_per_lesson"),
        *("key_points", "keynote", "tokenizer", "access_hours", "secretary"),
    ],
)
def test_a_name_that_only_sounds_like_it_is_none(name: str) -> None:
    check_new_name(name)
