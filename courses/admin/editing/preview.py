from dataclasses import dataclass

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from courses.formats.definition import Document, Format
from courses.rendering import render_document


@dataclass(frozen=True, slots=True)
class Pane:
    """One view of a lesson beside the form. `html`: as it is stored."""

    key: str
    label: str
    html: SafeString


def lesson_view(course: str, title: str, document: Document, fmt: Format, language: str) -> SafeString:
    """A lesson as a learner reads it: title and sections, or one line that there is nothing yet."""
    html = render_document(document, fmt, language)
    context = {"course": course, "title": title, "html": html if html.strip() else "", "language": language}
    return render_to_string("admin/courses/editing/lesson_view.html", context)
