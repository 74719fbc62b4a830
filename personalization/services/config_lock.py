"""What live prompts are and which variables there are changes one by one: either may need the other."""

from django.db import connection


def lock_config() -> None:
    """Until the transaction ends nobody else makes a version live, or changes or deletes a variable."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('app_config', 0))")
