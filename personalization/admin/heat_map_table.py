"""The heat map as a table: 6,000 cells, so that their HTML is made here and not by a template."""

from typing import Any

from django.core.paginator import Paginator
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.models import Course
from personalization.course_status import HeatMap, HeatMapRow, heat_map
from personalization.course_status.heat_map import LESSONS_A_PAGE

# A sign for each state: colour alone says nothing to many.
SIGNS = {"current": "✓", "stale": "!", "edited": "E", "none": "–", "impossible": "×"}
WORDS = {
    "current": gettext_lazy("current"),
    "stale": gettext_lazy("stale"),
    "edited": gettext_lazy("edited"),
    "none": gettext_lazy("none"),
    "impossible": gettext_lazy("not possible: no answers, or no transcript"),
}
CELL = '<td class="heat-{}"><a href="{}{}/change/" aria-label="{}">{}</a></td>'


def heat_map_context(course: Course, page: str) -> dict[str, Any]:
    """For the page: `heat`, its rows as HTML, the legend. A page number that is none is the first."""
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 10 else 1
    heat = heat_map(course.pk, course.slug, number)
    return {
        "heat": heat,
        "heat_rows": _rows(heat),
        "heat_pages": _pages(heat),
        "learners_said": _learners_said(heat),
        "lessons_said": _lessons_said(heat),
        "legend": [(state, sign, WORDS[state]) for state, sign in SIGNS.items()],
        "heat_sums": heat.column_texts,
        "heat_sum": sum(row.texts for row in heat.rows),
    }


def _learners_said(heat: HeatMap) -> str:
    shown = len(heat.rows)
    if heat.learners > shown:
        text = _("{shown} of {total} learners, evenly spread by their identifiers.")
        return text.format(shown=grouped(shown), total=grouped(heat.learners))
    return ngettext("%s learner.", "All %s learners.", shown) % grouped(shown)


def _lessons_said(heat: HeatMap) -> str:
    if heat.pages == 1:
        return ngettext("%s lesson.", "All %s lessons.", heat.lessons) % grouped(heat.lessons)
    text = _("Lessons {numbers} of {total}, in their order.")
    return text.format(numbers=_span(heat, heat.page), total=grouped(heat.lessons))


def _pages(heat: HeatMap) -> list[tuple[int | None, str]]:
    """(page, its lessons in words); (None, "…") for those left out."""
    pages = Paginator(range(heat.lessons), LESSONS_A_PAGE).get_elided_page_range(heat.page)
    return [(page, _span(heat, page)) if isinstance(page, int) else (None, str(page)) for page in pages]


def _span(heat: HeatMap, page: int) -> str:
    first, last = (page - 1) * LESSONS_A_PAGE + 1, min(page * LESSONS_A_PAGE, heat.lessons)
    return f"{grouped(first)}–{grouped(last)}"


def grouped(number: int) -> str:
    """The number as the reader's language writes it: 41,302."""
    return number_format(number, force_grouping=True)


def _rows(heat: HeatMap) -> SafeString:
    learners = reverse("admin:personalization_profile_changelist")
    texts = reverse("admin:personalization_personalizedlessondescription_changelist")
    words = {state: str(word) for state, word in WORDS.items()}
    head = '<tr><th scope="row"><a href="{}{}/change/">{}</a></th>{}<td class="heat-sum">{}</td></tr>\n'
    return format_html_join(
        "",
        head,
        (
            (learners, row.learner, row.label, _cells(row, learners, texts, words), row.texts)
            for row in heat.rows
        ),
    )


def _cells(row: HeatMapRow, learners: str, texts: str, words: dict[str, str]) -> SafeString:
    """A cell leads to the text, or where there is none to the learner."""
    return format_html_join(
        "",
        CELL,
        (
            (
                cell.state,
                texts if cell.text else learners,
                cell.text or row.learner,
                words[cell.state],
                SIGNS[cell.state],
            )
            for cell in row.cells
        ),
    )
