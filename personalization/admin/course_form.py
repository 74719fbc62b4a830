"""The form of a course, with its coach."""

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.admin.courses import CourseForm
from courses.admin.theme import ModelChoiceField, Select
from personalization.models import Coach, CourseCoach


class CoachField(ModelChoiceField[Coach]):
    def label_from_instance(self, coach: Coach) -> str:
        return coach.name if coach.is_active else _("%(name)s (not active)") % {"name": coach.name}


class CourseWithCoachForm(CourseForm):
    coach = CoachField(
        Coach.objects.none(),
        label=gettext_lazy("Coach"),
        required=False,
        empty_label=gettext_lazy("– nobody: the default coach speaks –"),
        widget=Select(),
        help_text=gettext_lazy("Whose voice the personal texts of this course have."),
    )

    def prepare(self) -> None:
        super().prepare()
        row = self.instance
        stored = None if row._state.adding else CourseCoach.objects.filter(course=row).first()
        named = stored.coach_id if stored else None
        self.initial.setdefault("coach", named)
        if "coach" in self.fields:
            field: Any = self.fields["coach"]
            field.queryset = Coach.objects.filter(Q(is_active=True) | Q(pk=named)).only("name", "is_active")

    def stored_columns(self) -> dict[str, str]:
        texts = super().stored_columns()
        return texts and {**texts, "coach": str(self.initial.get("coach") or "")}
