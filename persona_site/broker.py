"""The broker as redis-py reaches it; a web request asks it nothing but whether it is there."""

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

# What Celery writes in another way than redis-py: the scheme of a socket, and two options.
_SCHEMES = {"redis+socket": "unix"}
_NAMES = {"virtual_host": "db"}
_VALUES = {f"CERT_{word.upper()}": word for word in ("none", "optional", "required")}


def broker_problem(seconds: float) -> str | None:
    """Why the broker does not answer, without its address; None where it does.

    Takes 2 × `seconds` at most.
    """
    once = Retry(NoBackoff(), 0)
    try:
        address = client_url(settings.REDIS_URL)
        with Redis.from_url(
            address, socket_timeout=seconds, socket_connect_timeout=seconds, retry=once
        ) as client:
            client.ping()
    except (RedisError, OSError, ValueError) as error:
        return f"it does not answer ({type(error).__name__})"
    return None


def client_url(broker_url: str) -> str:
    """Celery's address as redis-py writes it."""
    parts = urlsplit(broker_url)
    options = [(_NAMES.get(name, name), _VALUES.get(value, value)) for name, value in parse_qsl(parts.query)]
    scheme = _SCHEMES.get(parts.scheme, parts.scheme)
    query = f"?{urlencode(options)}" if options else ""
    return f"{scheme}://{parts.netloc}{parts.path}{query}"
