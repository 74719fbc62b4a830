from typing import Any

from django.core.paginator import Paginator
from django.db import connections
from django.utils.functional import cached_property

EXACT_UP_TO = 10_000  # rows; counting more costs tens of milliseconds for each page


class EstimatedPaginator(Paginator[Any]):
    """Counts up to 10,000 rows; a bigger table by PostgreSQL's own estimate, a bigger selection not at all."""

    @cached_property
    def count(self) -> int:
        counted: int = self.object_list.order_by()[: EXACT_UP_TO + 1].count()
        if counted <= EXACT_UP_TO or self.object_list.query.where:
            return counted
        return max(counted, self._estimate())

    def _estimate(self) -> int:
        with connections[self.object_list.db].cursor() as cursor:
            cursor.execute(
                "SELECT reltuples::bigint FROM pg_class WHERE oid = %s::regclass",
                [self.object_list.model._meta.db_table],
            )
            estimate: int = cursor.fetchone()[0]
        return estimate
