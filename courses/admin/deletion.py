"""What a deletion takes along, counted by the database: loading 24,000 texts to list them took 9 s."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin import AdminSite
from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import ngettext

MOST_NAMED = 20  # rows; of others the page says how many there are

type Deleted = tuple[list[Any], dict[str, int], set[str], list[str]]
"""What Django's delete pages show: lines, rows by model, models that the person may not delete, protected."""


def deleted_by(objs: Any, request: HttpRequest, site: AdminSite) -> Deleted:
    """`objs`: a list or a queryset of rows of one model. One count for each model that depends on it."""
    rows = objs if isinstance(objs, models.QuerySet) else _rows(objs)
    model = rows.model
    counted = [(model, rows.count())]
    counted += [
        (dependent, dependent._base_manager.filter(**{f"{path}__in": rows.order_by()}).count())
        for dependent, path in dependents(model, models.DB_CASCADE)
    ]
    counts = {str(found._meta.verbose_name_plural): count for found, count in counted if count}
    lacking = {
        str(found._meta.verbose_name)
        for found, count in counted
        if count and site.is_registered(found) and not _may_delete(found, request, site)
    }
    return _lines(rows, counted[0][1]), counts, lacking, []


def dependents(model: type[models.Model], on_delete: Any, path: str = "") -> Iterator[Any]:
    """(model, lookup path to `model`) of what the database deletes (DB_CASCADE) with it, at any depth."""
    for relation in model._meta.get_fields(include_hidden=True):
        field: Any = getattr(relation, "field", None)
        if field is not None and relation.auto_created and field.remote_field.on_delete is on_delete:
            way = f"{field.name}__{path}" if path else field.name
            yield field.model, way
            yield from dependents(field.model, on_delete, way)


def _rows(objs: list[models.Model]) -> models.QuerySet[Any]:
    return type(objs[0])._base_manager.filter(pk__in=[obj.pk for obj in objs])


def _may_delete(model: type[models.Model], request: HttpRequest, site: AdminSite) -> bool:
    return site.get_model_admin(model).has_delete_permission(request)


def _lines(rows: models.QuerySet[Any], count: int) -> list[str]:
    lines: list[str] = [_line(row) for row in rows[:MOST_NAMED]]
    if (others := count - len(lines)) > 0:
        lines.append(ngettext("and %s more", "and %s more", others) % others)
    return lines


def _line(row: models.Model) -> str:
    opts = row._meta
    address = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[row.pk])
    return format_html('{}: <a href="{}">{}</a>', capfirst(opts.verbose_name), address, row)
