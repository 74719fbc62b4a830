"""The broker's address, as Celery writes it, for the client of the limits; and where a model's limits lie."""

import pytest
from pytest_django import Settings

from personalization.writers.limits.address import client_url, keys_of, limit_key


@pytest.mark.parametrize(
    ("broker", "client"),
    [
        ("redis://user:p%40ss@host:6380/3", "redis://user:p%40ss@host:6380/3"),
        ("redis+socket:///tmp/x/valkey.sock", "unix:///tmp/x/valkey.sock"),
        ("redis+socket:///tmp/x/valkey.sock?virtual_host=2", "unix:///tmp/x/valkey.sock?db=2"),
        ("rediss://host/0?ssl_cert_reqs=CERT_NONE", "rediss://host/0?ssl_cert_reqs=none"),
        ("rediss://host/0?ssl_cert_reqs=required", "rediss://host/0?ssl_cert_reqs=required"),
    ],
)
def test_the_brokers_address(broker: str, client: str) -> None:
    assert client_url(broker) == client


def test_a_broker_that_cannot_share_limits_is_named_without_its_password() -> None:
    with pytest.raises(ValueError, match="sentinel") as told:
        client_url("sentinel://:secret@host:26379")
    assert "secret" not in str(told.value)


def test_each_endpoint_and_model_has_limits_of_its_own(settings: Settings) -> None:
    settings.OPENAI_BASE_URL = "https://one.example/v1"
    keys = [limit_key("a"), limit_key("b")]
    settings.OPENAI_BASE_URL = "https://one.example/v1/"
    keys.append(limit_key("a"))
    settings.OPENAI_BASE_URL = "https://two.example/v1"
    keys.append(limit_key("a"))
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3
    assert len({key.split("}")[0] for key in keys_of(keys[0])}) == 1  # a cluster keeps both on one node
