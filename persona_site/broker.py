"""The broker as redis-py reaches it; a web request asks it nothing but whether it is there."""

from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

_SOCKET_SCHEME = "redis+socket"  # how Celery writes a unix socket


def broker_problem(seconds: float) -> str | None:
    """Why the broker does not answer, without its address; None where it does.

    Takes 2 × `seconds` at most.
    """
    try:
        with _client(seconds) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        return f"it does not answer ({type(error).__name__})"
    return None


def _client(seconds: float) -> Redis:
    waits = {"socket_timeout": seconds, "socket_connect_timeout": seconds, "retry": Retry(NoBackoff(), 0)}
    address = urlsplit(settings.REDIS_URL)
    if address.scheme == _SOCKET_SCHEME:
        number = parse_qs(address.query).get("virtual_host", ["0"])[0]
        return Redis.from_url(f"unix://{address.path}?db={number}", **waits)
    return Redis.from_url(settings.REDIS_URL, **waits)
