"""Where the database is, for messages: the lowest floor, so that every app can say it."""

from django.db import connection


def database_address() -> str:
    """Where the settings say the database is: `name at host:port`, without user and password."""
    settings = connection.settings_dict
    options = settings.get("OPTIONS", {})
    host = str(settings.get("HOST") or options.get("host") or "the local socket")
    port = settings.get("PORT") or options.get("port") or 5432
    place = host if host.startswith(("/", "the ")) else f"{host}:{port}"
    return f"{settings.get('NAME') or options.get('service') or 'the default database'} at {place}"
