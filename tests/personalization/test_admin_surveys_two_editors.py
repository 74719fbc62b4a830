"""Two people on one survey's page: nothing newer is overwritten, nothing typed is lost."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from personalization.models import CourseSurvey, SurveyOption, SurveyQuestion
from tests.admin_forms import errors_of, filled_in, sent_anyway
from tests.builders import make_course, make_superuser

pytestmark = pytest.mark.django_db
CHANGED = "Somebody else has changed it since you opened it"


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def question() -> SurveyQuestion:
    """Two options; beside it in its survey stands a question in free words."""
    survey = CourseSurvey.objects.create(course=make_course("neck"))
    question = SurveyQuestion.objects.create(survey=survey, position=1, key="place", label_en="Where")
    SurveyQuestion.objects.create(survey=survey, position=2, key="fears", label_en="Fears")
    for position, code in enumerate(("home", "studio"), 1):
        SurveyOption.objects.create(question=question, position=position, code=code, label_en=code.title())
    return question


def survey_page(question: SurveyQuestion) -> str:
    return reverse("admin:personalization_coursesurvey_change", args=[question.survey_id])


def options_page(question: SurveyQuestion) -> str:
    return reverse("admin:personalization_surveyquestion_change", args=[question.pk])


def opened(client: Client, url: str) -> dict[str, Any]:
    """As a browser sends it: of a code or key that is there nothing, of a switch “on”."""
    data = filled_in(client, url)
    rows = {"questions": "key", "options": "code"}
    fixed = ["key", *(f"{prefix}-{row}-{name}" for prefix, name in rows.items() for row in range(2))]
    return {name: "on" if value is True else value for name, value in data.items() if name not in fixed}


def refused_as_stale(response: Any) -> bool:
    return CHANGED in str(errors_of(response).get("__all__", ""))


def labels() -> list[str]:
    options = SurveyOption.objects.filter(question__key="place", question__survey__course__slug="neck")
    return [option.label_en for option in options]


def test_what_somebody_else_wrote_meanwhile_is_not_undone(admin: Client, question: SurveyQuestion) -> None:
    form = opened(admin, options_page(question))
    SurveyOption.objects.filter(code="home").update(label_en="Theirs")
    refused = admin.post(options_page(question), {**form, "options-1-label_en": "Mine"})
    assert refused_as_stale(refused)
    assert labels() == ["Theirs", "Studio"]
    html = refused.content.decode()
    assert "1. home: Theirs" in html.replace("<del>", "").replace("</del>", "")
    assert admin.post(options_page(question), sent_anyway(refused)).status_code == 302
    assert labels() == ["Theirs", "Mine"]


def test_of_one_label_both_versions_are_shown_and_the_new_one_can_be_taken(
    admin: Client, question: SurveyQuestion
) -> None:
    form = opened(admin, options_page(question))
    SurveyOption.objects.filter(code="home").update(label_en="Theirs")
    refused = admin.post(options_page(question), {**form, "options-0-label_en": "Mine"})
    [difference] = refused.context["differences"]
    assert (difference.changed, difference.theirs) == ("both", "1. home: Theirs\n2. studio: Studio")
    assert difference.mine == "1. home: Mine\n2. studio: Studio"
    admin.post(options_page(question), {**sent_anyway(refused), "theirs": "options"})
    assert labels() == ["Theirs", "Studio"]


@pytest.mark.parametrize(
    ("column", "value"), [("position", 7), ("is_retired", True), ("is_other", True), ("old_codes", ["h1"])]
)
def test_each_field_of_a_row_counts(admin: Client, question: SurveyQuestion, column: str, value: Any) -> None:
    form = opened(admin, options_page(question))
    SurveyOption.objects.filter(code="home").update(**{column: value})
    refused = admin.post(options_page(question), {**form, "options-0-label_en": "Mine"})
    assert refused_as_stale(refused)
    admin.post(options_page(question), sent_anyway(refused))
    home = SurveyOption.objects.get(code="home")
    assert (getattr(home, column), home.label_en) == (value, "Mine")


def test_dragging_a_row_takes_no_words_back(admin: Client, question: SurveyQuestion) -> None:
    form = opened(admin, options_page(question))
    SurveyOption.objects.filter(code="home").update(label_en="Theirs")
    dragged = {"options-0-position": "1", "options-1-position": "0"}
    refused = admin.post(options_page(question), {**form, **dragged})
    admin.post(options_page(question), sent_anyway(refused))
    assert labels() == ["Studio", "Theirs"]


def test_a_row_that_somebody_added_or_deleted_meanwhile(admin: Client, question: SurveyQuestion) -> None:
    form = opened(admin, options_page(question))
    SurveyOption.objects.filter(code="studio").delete()
    SurveyOption.objects.create(question=question, position=3, code="garden", label_en="Garden")
    refused = admin.post(options_page(question), {**form, "label_en": "Mine"})
    assert refused_as_stale(refused)
    admin.post(options_page(question), sent_anyway(refused))
    assert labels() == ["Home", "Garden"]
    question.refresh_from_db()
    assert question.label_en == "Mine"


def test_words_for_a_row_that_is_gone_are_kept_for_another_code(
    admin: Client, question: SurveyQuestion
) -> None:
    form = opened(admin, options_page(question))
    SurveyOption.objects.filter(code="studio").delete()
    refused = admin.post(options_page(question), {**form, "options-1-label_en": "Mine"})
    again = {**sent_anyway(refused), "options-1-code": "atelier"}
    admin.post(options_page(question), again)
    assert labels() == ["Home", "Mine"]


def test_a_second_click_on_save_is_no_conflict_with_the_first(
    admin: Client, question: SurveyQuestion
) -> None:
    row = {"code": "garden", "label_ru": "", "label_en": "Garden", "old_codes": "", "position": ""}
    new = {f"options-2-{name}": text for name, text in row.items()}
    form = {**opened(admin, options_page(question)), **new, "options-TOTAL_FORMS": "3"}
    assert [admin.post(options_page(question), form).status_code for _ in range(2)] == [302, 302]
    assert labels() == ["Home", "Studio", "Garden"]


def test_a_surveys_questions_are_compared_as_options_are(admin: Client, question: SurveyQuestion) -> None:
    form = opened(admin, survey_page(question))
    SurveyQuestion.objects.filter(key="fears").update(label_en="Theirs")
    refused = admin.post(survey_page(question), {**form, "questions-0-label_en": "Mine"})
    assert refused_as_stale(refused)
    admin.post(survey_page(question), sent_anyway(refused))
    assert list(question.survey.questions.values_list("label_en", flat=True)) == ["Mine", "Theirs"]


def test_whose_survey_was_deleted_meanwhile_gets_the_words_back(
    admin: Client, question: SurveyQuestion
) -> None:
    form, page = opened(admin, survey_page(question)), survey_page(question)
    question.survey.delete()
    answer = admin.post(page, {**form, "questions-0-label_ru": "Мои слова"})
    assert answer.status_code == 409
    assert "Мои слова" in answer.content.decode()
