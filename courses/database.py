"""Where the database is and what held it up, for messages: the lowest floor, so that every app can say it."""

from django.db import OperationalError, connection
from psycopg.errors import DeadlockDetected, LockNotAvailable


def database_address() -> str:
    """Where the settings say the database is: `name at host:port`, without user and password."""
    settings = connection.settings_dict
    options = settings.get("OPTIONS", {})
    host = str(settings.get("HOST") or options.get("host") or "the local socket")
    port = settings.get("PORT") or options.get("port") or 5432
    place = host if host.startswith(("/", "the ")) else f"{host}:{port}"
    return f"{settings.get('NAME') or options.get('service') or 'the default database'} at {place}"


def held_by_another(error: OperationalError) -> bool:
    """Whether somebody else's locks stood in the way: waited for too long, or each for the other."""
    return isinstance(error.__cause__, LockNotAvailable | DeadlockDetected)
