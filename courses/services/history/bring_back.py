"""An earlier version of a live row, made the present one: a change like any other, kept with who and why."""

from uuid import UUID

from django.db import IntegrityError, models, transaction
from django.utils.translation import gettext as _

from courses.errors import ChangedMeanwhile
from courses.history.reason import because
from courses.history.triggers import kept_columns
from courses.models import Lesson, LessonAsset, LessonDescription
from courses.services.descriptions import CLOCK
from courses.services.history.errors import CannotBringBack
from courses.services.history.rows import insert_row, refuse_taken, update_row
from courses.services.history.versions import PARTS, Version, versions

# A lesson keeps its place: after a renumbering every older version names one that another lesson has now.
STAYS: dict[type[models.Model], frozenset[str]] = {Lesson: frozenset({"course_id", "lesson_number"})}


def bring_back_version(*, model: type[models.Model], root: UUID, version: int, seen: int) -> None:
    """Makes the version the present one; of a lesson with its description and assets.

    version: id of a Version. seen: id of the newest that the person knew of. Raises ChangedMeanwhile when
    there is a newer one by now, CannotBringBack when a unique value of it is taken; then nothing is written.
    """
    try:
        with because(version=version), transaction.atomic():
            now, then = locked_versions(model, root, version, seen)
            _write_row(model, root, now, then)
            if model is Lesson:
                _write_description(now, then)
                _write_assets(now, then)
    except IntegrityError as error:
        raise CannotBringBack(_("What it belongs to has changed meanwhile: open the page again.")) from error


def locked_versions(
    model: type[models.Model], root: UUID, version: int, seen: int
) -> tuple[Version, Version]:
    """The present version, which stays so until the transaction ends, and the one that is asked for."""
    list(model._base_manager.select_for_update().filter(pk=root).values_list("pk"))
    for part, column in PARTS.get(model, ()):
        list(part._base_manager.select_for_update().filter(**{column: root}).values_list("pk"))
    known = versions(model, root)
    if not known or known[0].id != seen:
        raise ChangedMeanwhile
    then = next((known_version for known_version in known if known_version.id == version), None)
    if then is None or not then.row(model):  # between its deletion and its return there was nothing
        raise CannotBringBack(_("This version has no content that could be brought back."))
    return known[0], then


def _write_row(model: type[models.Model], root: UUID, now: Version, then: Version) -> None:
    live, old = now.row(model), then.row(model)
    columns = set(kept_columns(model)) - STAYS.get(model, frozenset())
    changed = {column: old[column] for column in columns if column in old and old[column] != live[column]}
    if changed:
        refuse_taken(model, {**live, **changed})
        update_row(model, root, changed)


def _write_description(now: Version, then: Version) -> None:
    """What comes back is what a person chose: no run replaces it unasked."""
    live, old = now.row(LessonDescription), then.row(LessonDescription)
    if live and old:
        if live["data"] != old["data"]:
            update_row(LessonDescription, UUID(live["id"]), {"data": old["data"]})
            LessonDescription.objects.filter(pk=live["id"]).update(edited_at=CLOCK)
    elif old:
        insert_row(LessonDescription, old)
        LessonDescription.objects.filter(pk=old["id"]).update(edited_at=CLOCK)
    elif live:
        LessonDescription.objects.filter(pk=live["id"]).delete()


def _write_assets(now: Version, then: Version) -> None:
    """What differs goes first and comes anew: two assets may have changed places."""
    live, old = dict(now.rows(LessonAsset)), dict(then.rows(LessonAsset))
    LessonAsset.objects.filter(pk__in=[key for key in live if old.get(key) != live[key]]).delete()
    for key, values in old.items():
        if live.get(key) != values:
            insert_row(LessonAsset, values)
