"""The workers that live, as each of them says itself: a row that its sweeper renews every few seconds."""

from django.db import models

from courses.models import NOW


class WorkerHeartbeat(models.Model):
    """One worker process, from its start on. All times are the database's."""

    id = models.UUIDField(primary_key=True)  # of this start: names and pids come back
    name = models.TextField()  # host:pid
    started_at = models.DateTimeField(db_default=NOW)
    seen_at = models.DateTimeField(db_default=NOW)
    concurrency = models.IntegerField()  # requests in flight at most
    version = models.TextField()

    class Meta:
        db_table = "worker_heartbeats"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
