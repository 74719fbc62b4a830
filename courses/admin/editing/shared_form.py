"""The form of a row that several people edit: what was replaced since it was opened is not overwritten."""

from types import new_class
from typing import Any, ClassVar

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _

from courses.admin.editing.marks import Changed, FieldConflict, mark, marks, seen, who_changed
from courses.admin.theme import ModelForm

TAKEN = "theirs"  # names of the fields where a person takes the new version
NOTHING_SEEN = mark("")


class SeenField(forms.CharField):
    """The marks of what the form was filled from; never a change by themselves."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class SharedForm(ModelForm[Any]):
    """What somebody else changed meanwhile is not taken for the person's own change: the save is refused, and
    `differences` has both versions.
    """

    columns: ClassVar[tuple[str, ...]] = ()  # fields of the row that the form shows
    held: ClassVar[bool] = False  # whether somebody holds the row for so long that nothing can be saved
    seen = SeenField()

    class Media:
        css = {"all": ("courses/editing.css",)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.differences: list[FieldConflict] = []
        self.prepare()
        # Before the form's values are put into the row.
        self.shown = self.stored_texts()
        self.initial["seen"] = marks(self.shown)
        if isinstance(self.data, QueryDict):
            self._take_theirs(self.data.getlist(TAKEN))

    def prepare(self) -> None:
        """What must be known of the row before its texts are read."""

    def stored_columns(self) -> dict[str, str]:
        """Field → text, of the row's columns that the form shows, as a browser would send it."""
        row = self.instance
        if row._state.adding:
            return {}
        return {name: _said(row._meta.get_field(name).value_from_object(row)) for name in self.columns}

    def stored_texts(self) -> dict[str, str]:
        """All that the form shows: when it is another by the time of saving, nothing is saved."""
        return self.stored_columns()

    def posted_texts(self) -> dict[str, str]:
        """Field → text, of what is in the person's form."""
        names = self.fields.keys() - {"seen"}
        texts = {name: str(self.data.get(name) or "") for name in names if name in self.data}
        return texts | self._posted_switches()

    def _posted_switches(self) -> dict[str, str]:
        """Of a switch that is off a browser sends nothing, and off is an answer all the same."""
        return {
            name: _said(bool(field.widget.value_from_datadict(self.data, self.files, name)))
            for name, field in self.fields.items()
            if isinstance(field.widget, forms.CheckboxInput) and not field.disabled
        }

    def label_of(self, name: str) -> str:
        return str(self.fields[name].label) if name in self.fields else name

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if self.held:
            raise forms.ValidationError(
                _("An import holds the lessons. Nothing was saved: try again in a minute."), code="held"
            )
        before = seen(self.cleaned_data.get("seen") or "")
        if before != seen(self.initial["seen"]) and not self.instance._state.adding:
            self.differences = self._differences(before)
        if self.differences:
            self._keep_what_is_new()
            raise forms.ValidationError(changed_message(), code="stale")
        return cleaned

    def _differences(self, before: dict[str, str]) -> list[FieldConflict]:
        """What differs between the new version and the form, in the order of the form."""
        posted = self.posted_texts()
        differences = []
        for name in dict.fromkeys([*self.shown, *self.fields, *sorted(posted)]):
            theirs = self.shown.get(name, "")
            # What the form does not edit stays as it is now, whoever changed it.
            changed = who_changed(before.get(name, NOTHING_SEEN), theirs, posted.get(name, theirs))
            if changed:
                found = FieldConflict(
                    name, self.label_of(name), changed, theirs, posted[name], self._has(name)
                )
                differences.append(found)
        return differences

    def _has(self, name: str) -> bool:
        """Whether words for it can be saved: the new version may be in another format."""
        return name in self.fields and not self.fields[name].disabled

    def _keep_what_is_new(self) -> None:
        """The form goes on from the new version, with the person's own words on top."""
        self._take_theirs([found.name for found in self.differences if found.changed is Changed.THEIRS])

    def _take_theirs(self, names: list[str]) -> None:
        taken = [name for name in names if name in self.fields and name != "seen"]
        if taken and isinstance(self.data, QueryDict):
            data = self.data.copy()
            for name in taken:
                data[name] = self.shown.get(name, "")
            self.data = data


def held_form(form: type[SharedForm]) -> type[SharedForm]:
    """The form that refuses to save, with all that was typed into it."""
    held: type[SharedForm] = new_class(
        form.__name__, (form,), exec_body=lambda body: body.update(held=True, __module__=form.__module__)
    )
    return held


def changed_message() -> str:
    return _("Somebody else has changed it since you opened it. Nothing is saved yet, and nothing is lost.")


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else ""
    return "" if value is None else str(value)
