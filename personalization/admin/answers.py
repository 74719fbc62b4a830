"""Answers as staff read them: questions and options in words, as the learner's survey has them."""

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from courses.admin.readable import readable
from personalization.models import Profile
from personalization.services.surveys import survey_asked

# The known questions. Other answers are shown under their humanised key.
LABELS = {
    "motivation": _("Why they learn"),
    "motivation_other": _("Why they learn, in their own words"),
    "target_clients": _("For whom"),
    "skills_wanted": _("What they want to be able to do"),
    "fears": _("What worries them"),
    "fears_other": _("What worries them, in their own words"),
    "wow_result": _("The result they hope for"),
    "practice_model": _("Where and on whom they practise"),
    "experience": _("Experience"),
}


def answers_in_words(learner: Profile) -> SafeString | str:
    """What the learner answered; below it the codes that the survey does not know, which nobody is told."""
    if not isinstance(learner.survey, dict):
        return readable(learner.survey, LABELS)
    (survey, tag), language = survey_asked(learner.course_id), get_language() or ""
    asked = survey.labels(language)
    # For what ships, words of our own: they speak of the learner, and not to them.
    labels = {**asked, **LABELS} if tag is None else {**LABELS, **asked}
    shown = readable(survey.in_words(learner.survey, language), labels)
    if unknown := survey.unknown_codes(learner.survey):
        return render_to_string("admin/personalization/answers.html", {"shown": shown, "unknown": unknown})
    return shown
