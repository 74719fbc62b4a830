"""What the prompts are called, and what each is for."""

from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _translated
from django.utils.translation import gettext_lazy as _

from personalization.models import ClusterType, PromptVersion
from personalization.personal_prompt import CLUSTER_PREFIX, LESSON_TEMPLATE
from personalization.shipped_config import NOTES, PERSONALIZATION

LABELS: dict[str, Any] = {
    PERSONALIZATION: _("Texts for learners"),
    LESSON_TEMPLATE: _("Standard descriptions"),
}
ABOUT: dict[str, Any] = {
    PERSONALIZATION: _("Asks the model for one learner's text for one lesson."),
    LESSON_TEMPLATE: _("Asks the model for a lesson's standard description, the same for all learners."),
}
ABOUT_CLUSTERS = _(
    "Emphasis and depth for the learners of this cluster; added to the prompt of personal texts."
)


def prompt_label(key: str) -> str:
    if key.startswith(CLUSTER_PREFIX):
        cluster = dict(ClusterType.choices).get(key.removeprefix(CLUSTER_PREFIX), key)
        return str(_("Cluster: %(name)s") % {"name": cluster})
    return str(LABELS.get(key, key))


def with_about(label: str, about: str) -> SafeString:
    """For a list: what it is called, and in small letters what it is for."""
    return format_html('{} <span class="prompt-about">{}</span>', label, about)


def note_said(version: PromptVersion) -> str:
    """The note as its author wrote it; what ships with the product, in the reader's language."""
    return _translated(version.note) if version.note in NOTES else version.note


def prompt_about(key: str) -> str:
    if key.startswith(CLUSTER_PREFIX):
        return str(ABOUT_CLUSTERS)
    return str(ABOUT.get(key, _("Nothing of this version uses it.")))
