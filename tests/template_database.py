"""The database that every test process copies: migrated once, and again only when a migration changes."""

import fcntl
import hashlib
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import connect, sql

from persona_site.embedded.postgres import USER, Postgres

PREFIX = "template_"


def migrated_database() -> str:
    """Its name. The first of several processes that ask makes it, while the others wait."""
    server = Postgres(settings.VAR)
    server.ensure()
    name = PREFIX + _digest()
    with (settings.VAR / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with connect(host=str(server.runtime), dbname="postgres", user=USER, autocommit=True) as maintenance:
            found = {row[0] for row in maintenance.execute("SELECT datname FROM pg_database")}
            if name not in found:
                for old in (other for other in found if other.startswith(PREFIX)):
                    maintenance.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(old)))
                unfinished = sql.Identifier(f"{PREFIX}unfinished")
                maintenance.execute(sql.SQL("CREATE DATABASE {}").format(unfinished))
                _migrate(f"{PREFIX}unfinished")
                rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
                maintenance.execute(rename.format(unfinished, sql.Identifier(name)))
    return name


def _migrate(name: str) -> None:
    connection.close()
    usual = connection.settings_dict["NAME"]
    connection.settings_dict["NAME"] = name
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        connection.close()
        connection.settings_dict["NAME"] = usual


def _digest() -> str:
    """Of all that migrating runs: the migrations, what they import of ours, and what they load."""
    folders = [
        Path(app.path) for app in apps.get_app_configs() if settings.BASE_DIR in Path(app.path).parents
    ]
    own = [
        path
        for folder in folders
        if ".venv" not in folder.parts
        for path in (*folder.rglob("*.py"), *folder.glob("fixtures/**/*.*"))
    ]
    digest = hashlib.md5(django.__version__.encode(), usedforsecurity=False)
    for path in sorted(own):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
