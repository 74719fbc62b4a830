"""Where a model's limits are kept in Redis. Knows no client: web pages need this, and a client loads long."""

import hashlib
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings

PATIENCE = 0.25  # seconds for one exchange, connecting included: so long a black hole may hold up requests
# What Celery's addresses call otherwise than redis-py's.
_SCHEMES = {"redis+socket": "unix"}
_OPTIONS = {"virtual_host": "db"}
_CERTIFICATES = {"CERT_REQUIRED": "required", "CERT_OPTIONAL": "optional", "CERT_NONE": "none"}


def limit_key(model: str) -> str:
    """One for each endpoint and model: the same model elsewhere has limits of its own."""
    named = f"{settings.OPENAI_BASE_URL.rstrip('/')} {model}"
    return hashlib.sha256(named.encode()).hexdigest()[:24]


def keys_of(key: str) -> list[str]:
    """The state's and the workers'. Braces keep both on one node of a cluster."""
    return [f"persona:limits:{{{key}}}", f"persona:limits:{{{key}}}:workers"]


def client_url(broker: str) -> str:
    """The broker's address as redis-py writes it. Raises ValueError where it knows no such server."""
    parts = urlsplit(broker)
    scheme = _SCHEMES.get(parts.scheme, parts.scheme)
    if scheme not in {"redis", "rediss", "unix"}:
        raise ValueError(f"limits cannot be shared through {parts.scheme}://")
    query = {_OPTIONS.get(name, name): value for name, value in parse_qsl(parts.query)}
    if "ssl_cert_reqs" in query:
        query["ssl_cert_reqs"] = _CERTIFICATES.get(query["ssl_cert_reqs"], query["ssl_cert_reqs"])
    # Not urlunsplit: it knows no unix:// and would leave the slashes out.
    return f"{scheme}://{parts.netloc}{parts.path}" + (f"?{urlencode(query)}" if query else "")
