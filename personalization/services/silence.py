"""How long a process that works waits for a database that takes what is sent and answers nothing."""

from django.conf import settings

from courses.database import answer_within, statements_end_after


def end_silence() -> None:
    """For a whole process, before its first statement: one that is not answered soon ends its connection.

    So soon, another try still comes before the leases are over.
    """
    seconds = settings.GENERATION_LEASE_SECONDS / 3
    answer_within(seconds)
    statements_end_after(seconds)  # what is not waited for must not go on either
