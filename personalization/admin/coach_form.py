"""The form of a coach."""

from typing import Any, ClassVar

from django import forms
from django.core.files.base import ContentFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.admin.editing.shared_form import SharedForm
from courses.admin.theme import Switch
from courses.course_folder.wording import line_problem, tidy
from personalization.models import Coach
from personalization.services.coaches import default_coach_id
from personalization.services.portraits import PictureRefusedError, portrait_from

LONGEST_NAME, LONGEST_BIO, LONGEST_VOICE, LONGEST_ID = 100, 5_000, 5_000, 200  # characters
OLDEST = 1900


class PortraitField(forms.ImageField):
    """Cleaned: the portrait as it is kept, a ContentFile."""

    default_validators = []  # what the file is called says nothing

    def to_python(self, data: Any) -> ContentFile | None:  # type: ignore[type-arg]
        sent = forms.FileField.to_python(self, data)
        if sent is None:
            return None
        try:
            return portrait_from(sent)
        except PictureRefusedError as refused:
            raise forms.ValidationError(str(refused), code="picture") from refused


class CoachForm(SharedForm):
    columns = ("name", "is_active", "sex", "year_of_birth", "bio", "prompt", "voice_id", "voice_settings")
    not_kept: ClassVar[str] = ""  # why the picture that is sent could not be stored
    is_default = forms.BooleanField(
        label=gettext_lazy("Default coach"),
        widget=Switch(),
        required=False,
        help_text=gettext_lazy("Speaks in every course that names no coach, or one who is not active."),
    )

    class Meta:
        model = Coach
        fields = (
            "name",
            "photo",
            "is_active",
            "sex",
            "year_of_birth",
            "bio",
            "prompt",
            "voice_id",
            "voice_settings",
        )
        help_texts: ClassVar[dict[str, Any]] = {
            "photo": gettext_lazy(
                "JPEG, PNG or WebP, at most 10 MB. It is kept as a copy without other data."
            ),
            "sex": gettext_lazy("For the grammar of texts in which the coach says “I”."),
            "prompt": gettext_lazy(
                "How this coach writes: tone, rhythm, favourite words. It stands in the prompt of every "
                "text; another voice marks the texts of the coach’s courses as stale. Empty: a neutral voice."
            ),
            "is_active": gettext_lazy("Who is not active speaks nowhere; the default coach does instead."),
        }

    class Media:
        js = ("courses/preview.js",)

    def prepare(self) -> None:
        chosen = not self.instance._state.adding and default_coach_id() == self.instance.pk
        self.initial.setdefault("is_default", chosen)

    def stored_columns(self) -> dict[str, str]:
        texts = super().stored_columns()
        if not texts:
            return {}
        texts["is_default"] = "on" if self.initial.get("is_default") else ""
        if "voice_settings" in self.fields:
            texts["voice_settings"] = str(
                self.fields["voice_settings"].prepare_value(self.instance.voice_settings)
            )
        return texts

    def clean_name(self) -> str:
        return _one_line(self.cleaned_data["name"], LONGEST_NAME)

    def clean_photo(self) -> Any:
        photo = self.cleaned_data["photo"]
        if self.not_kept and "photo" in self.changed_data and photo:
            raise forms.ValidationError(self.not_kept, code="picture")
        return photo

    def clean_voice_id(self) -> str:
        said = self.cleaned_data["voice_id"]
        return _one_line(said, LONGEST_ID) if said else ""

    def clean_bio(self) -> str:
        return _bounded(self.cleaned_data["bio"], LONGEST_BIO)

    def clean_prompt(self) -> str:
        return _bounded(self.cleaned_data["prompt"], LONGEST_VOICE)

    def clean_year_of_birth(self) -> int | None:
        year: int | None = self.cleaned_data["year_of_birth"]
        this = timezone.now().year
        if year is not None and not OLDEST <= year <= this:
            raise forms.ValidationError(
                _("Write a year from %(first)s to %(last)s, or nothing.") % {"first": OLDEST, "last": this}
            )
        return year

    def clean_voice_settings(self) -> dict[str, Any]:
        settings = self.cleaned_data["voice_settings"]
        if settings in (None, ""):
            return {}
        if not isinstance(settings, dict):
            raise forms.ValidationError(_('Write a JSON object, such as {"speed": 1.1}.'))
        return settings

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        if cleaned and cleaned.get("is_default") and not cleaned.get("is_active"):
            self.add_error("is_default", _("Who is not active cannot be the default coach."))
        return cleaned


def _one_line(text: str, most: int) -> str:
    if line_problem(text, most):
        raise forms.ValidationError(
            _("Write one line of at most %(most)s characters, without control characters.") % {"most": most}
        )
    return tidy(text)


def _bounded(text: str, most: int) -> str:
    if len(text) > most:
        raise forms.ValidationError(
            _("The text has %(length)s characters, and %(most)s are the most.")
            % {"length": len(text), "most": most}
        )
    return text
