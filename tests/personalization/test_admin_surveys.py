"""Surveys in the admin: what may be changed, what is refused, and which texts become stale by it."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from personalization.models import CourseSurvey, SurveyOption, SurveyQuestion
from personalization.services.surveys import copy_survey
from tests.admin_forms import filled_in
from tests.builders import default_survey, make_course, make_learner, make_staff, make_superuser

pytestmark = pytest.mark.django_db
LIST = reverse("admin:personalization_coursesurvey_changelist")
ADD = reverse("admin:personalization_coursesurvey_add")


@pytest.fixture
def admin(client: Client) -> Client:
    client.force_login(make_superuser())
    return client


@pytest.fixture
def survey() -> CourseSurvey:
    """Of a course with the slug `neck`: one question with two options."""
    survey = CourseSurvey.objects.create(course=make_course("neck"))
    question = SurveyQuestion.objects.create(
        survey=survey, position=1, key="place", label_ru="Где", label_en="Where", other_key="place_other"
    )
    for position, code in enumerate(("home", "studio"), 1):
        SurveyOption.objects.create(question=question, position=position, code=code, label_en=code.title())
    return survey


def page(survey: CourseSurvey) -> str:
    return reverse("admin:personalization_coursesurvey_change", args=[survey.pk])


def options_page(survey: CourseSurvey) -> str:
    return reverse("admin:personalization_surveyquestion_change", args=[survey.questions.get(key="place").pk])


def sent(client: Client, url: str, prefix: str, *new: dict[str, str], **changes: str) -> Any:
    """The page sent back with new rows, and changes given as `row_field`, such as _0_label_ru."""
    data = filled_in(client, url)
    total = int(data[f"{prefix}-INITIAL_FORMS"])
    for number, row in enumerate(new, total):
        data |= {f"{prefix}-{number}-{name}": value for name, value in row.items()}
    data[f"{prefix}-TOTAL_FORMS"] = total + len(new)
    for name, value in changes.items():
        data[f"{prefix}-{name[1:].replace('_', '-', 1)}"] = value
    return client.post(url, data)


def refusals(answer: Any) -> str:
    """All that the rows of a refused page say; "" of one that was taken."""
    if answer.status_code != 200:
        return ""
    formsets = [inline.formset for inline in answer.context["inline_admin_formsets"]]
    return " ".join(str(formset.non_form_errors()) + str(formset.errors) for formset in formsets)


# --- a survey of a course's own ---


def test_the_default_survey_is_listed_first_and_stays(admin: Client, survey: CourseSurvey) -> None:
    default = default_survey()
    rows = list(admin.get(LIST).context["cl"].result_list)
    assert [(row.course_id, row.questions_asked) for row in rows] == [(None, 9), (survey.course_id, 1)]
    delete = reverse("admin:personalization_coursesurvey_delete", args=[default.pk])
    assert admin.post(delete, {"post": "yes"}).status_code == 403
    chosen = {"action": "delete_selected", "_selected_action": [default.pk, survey.pk], "post": "yes"}
    admin.post(LIST, chosen)
    assert list(CourseSurvey.objects.all()) == [default]


def test_a_course_gets_a_copy_and_no_text_becomes_stale_by_it(admin: Client) -> None:
    course = make_course()
    answer = admin.post(f"{ADD}?course={course.pk}", {"course": str(course.pk)})
    own = CourseSurvey.objects.get(course=course)
    assert answer.headers["Location"] == page(own)
    assert own.tag is None
    style = own.questions.get(key="learning_style")
    assert [option.code for option in style.options.all()] == ["Visual", "Auditory", "Kinesthetic", "Unknown"]
    assert str(course.pk) not in admin.get(ADD).content.decode()


def test_the_courses_page_leads_to_its_survey(admin: Client, survey: CourseSurvey) -> None:
    html = admin.get(reverse("admin:courses_course_change", args=[survey.course_id])).content.decode()
    assert page(survey) in html
    other = make_course()
    html = admin.get(reverse("admin:courses_course_change", args=[other.pk])).content.decode()
    assert f"{ADD}?course={other.pk}" in html


# --- what may change ---


def test_another_label_makes_texts_stale_and_says_so(admin: Client, survey: CourseSurvey) -> None:
    answer = sent(admin, page(survey), "questions", _0_label_ru="Где вы практикуетесь")
    survey.refresh_from_db()
    assert survey.tag is not None
    assert "stale" in "".join(map(str, answer.wsgi_request._messages))


def test_another_order_and_a_retired_option_make_no_text_stale(admin: Client, survey: CourseSurvey) -> None:
    sent(admin, options_page(survey), "options")
    before = CourseSurvey.objects.get(pk=survey.pk).tag
    answer = sent(admin, options_page(survey), "options", _0_is_retired="on", _0_position="9")
    assert CourseSurvey.objects.get(pk=survey.pk).tag == before
    assert "stale" not in "".join(map(str, answer.wsgi_request._messages))
    assert SurveyOption.objects.get(code="home").is_retired


def test_a_key_and_a_code_never_change(admin: Client, survey: CourseSurvey) -> None:
    sent(admin, page(survey), "questions", _0_key="other_place", _0_label_en="Where exactly")
    sent(admin, options_page(survey), "options", _0_code="flat", _0_label_en="At home")
    question = survey.questions.get()
    assert (question.key, question.label_en) == ("place", "Where exactly")
    assert question.options.get(code="home").label_en == "At home"
    assert not question.options.filter(code="flat").exists()


def test_new_rows_come_last(admin: Client, survey: CourseSurvey) -> None:
    new = [{"code": code, "label_en": code} for code in ("garden", "beach")]
    sent(admin, options_page(survey), "options", *new)
    codes = [option.code for option in survey.questions.get().options.all()]
    assert codes == ["home", "studio", "garden", "beach"]


def test_a_question_has_hundreds_of_options(admin: Client, survey: CourseSurvey) -> None:
    new = [{"code": f"city{number}", "label_en": "A city", "old_codes": ""} for number in range(180)]
    new = [row | {"label_ru": "", "position": "", "id": "", "question": ""} for row in new]
    answer = sent(admin, options_page(survey), "options", *new)
    assert answer.status_code == 302, refusals(answer)
    assert survey.questions.get().options.count() == 182


def test_old_codes_are_written_with_commas(admin: Client, survey: CourseSurvey) -> None:
    sent(admin, options_page(survey), "options", _0_old_codes=" h1, at home ,,17 ")
    assert SurveyOption.objects.get(code="home").old_codes == ["h1", "at home", "17"]
    assert 'value="h1, at home, 17"' in admin.get(options_page(survey)).content.decode()


# --- what is refused ---


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"code": "home", "label_en": "x"}, "Another option of this question"),
        ({"code": "HOME", "label_en": "x"}, "would mean two options"),
        ({"code": "flat", "old_codes": "Studio", "label_en": "x"}, "would mean two options"),
        ({"code": "flat", "old_codes": "f" * 65, "label_en": "x"}, "is no code"),
        ({"code": "a flat", "label_en": "x"}, "Up to 64 Latin letters"),
        ({"code": "<b>", "label_en": "x"}, "Up to 64 Latin letters"),
        ({"code": "flat"}, "in one language at least"),
        ({"code": "flat", "label_en": "x" * 301}, "one line of at most 300"),
        ({"code": "flat", "label_en": "a\u202eb"}, "one line of at most 300"),
    ],
)
def test_an_option_that_cannot_be_is_refused(
    admin: Client, survey: CourseSurvey, row: dict[str, str], said: str
) -> None:
    assert said in refusals(sent(admin, options_page(survey), "options", row))
    assert survey.questions.get().options.count() == 2


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"key": "place", "label_en": "x"}, "Another question of this survey"),
        ({"key": "place_other", "label_en": "x"}, "would have the key"),
        ({"key": "how", "other_key": "place", "label_en": "x"}, "would have the key"),
        ({"key": "e_mail", "label_en": "x"}, "never leaves"),
        ({"key": "how", "other_key": "Phone", "label_en": "x"}, "never leaves"),
        ({"key": "как", "label_en": "x"}, "Up to 64 Latin letters"),
        ({"key": "how", "label_ru": ""}, "in one language at least"),
    ],
)
def test_a_question_that_cannot_be_is_refused(
    admin: Client, survey: CourseSurvey, row: dict[str, str], said: str
) -> None:
    assert said in refusals(sent(admin, page(survey), "questions", row))
    assert SurveyQuestion.objects.filter(survey=survey).count() == 1


@pytest.mark.parametrize("answer", ["home", [" HOME "], ["x", "h1"]])
def test_what_learners_have_answered_is_retired_and_not_deleted(
    admin: Client, survey: CourseSurvey, answer: Any
) -> None:
    SurveyOption.objects.filter(code="home").update(old_codes=["H1"])
    make_learner(course=survey.course, survey={"place": answer})
    make_learner(course=make_course(), survey={"place": "studio"})  # of another survey
    refused = sent(admin, options_page(survey), "options", _0_DELETE="on", _1_DELETE="on")
    assert "1 learner has answered “home”" in refusals(refused)
    assert "1 learner has answered “place”" in refusals(
        sent(admin, page(survey), "questions", _0_DELETE="on")
    )
    sent(admin, options_page(survey), "options", _1_DELETE="on")
    assert [option.code for option in survey.questions.get().options.all()] == ["home"]


def test_what_nobody_has_answered_may_go(admin: Client, survey: CourseSurvey) -> None:
    make_learner(course=survey.course, survey=["place"])
    sent(admin, page(survey), "questions", _0_DELETE="on")
    assert not survey.questions.exists()


def test_the_default_survey_asks_whoever_is_asked_nothing_else(admin: Client, survey: CourseSurvey) -> None:
    default = default_survey()
    make_learner(course=survey.course, survey={"fears": "Боль"})
    place = [question.key for question in default.questions.all()].index("fears")
    delete = {f"_{place}_DELETE": "on"}
    make_learner(course=None, survey={"fears": "Темнота"})
    assert "1 learner has answered “fears”" in refusals(sent(admin, page(default), "questions", **delete))


# --- who may ---


def test_a_viewer_reads_and_changes_nothing(client: Client, survey: CourseSurvey) -> None:
    views = [f"personalization.view_{name}" for name in ("coursesurvey", "surveyquestion", "surveyoption")]
    client.force_login(make_staff(permissions=views))
    for address in (LIST, page(survey), options_page(survey)):
        assert client.get(address).status_code == 200
    assert client.get(ADD).status_code == 403
    assert client.post(page(survey), {}).status_code == 403


def test_questions_are_reached_by_their_survey_only(admin: Client, survey: CourseSurvey) -> None:
    answer = admin.get(reverse("admin:personalization_surveyquestion_changelist"))
    assert answer.headers["Location"] == LIST
    html = admin.get(options_page(survey)).content.decode()
    assert page(survey) in html
    assert admin.get(reverse("admin:personalization_surveyquestion_add")).status_code == 403


def test_a_deleted_course_comes_back_with_its_survey(admin: Client, survey: CourseSurvey) -> None:
    course = survey.course
    assert course
    copy_survey(course=make_course())
    admin.post(reverse("admin:courses_course_delete", args=[course.pk]), {"post": "yes"})
    assert not CourseSurvey.objects.filter(pk=survey.pk).exists()
    deleted = reverse("admin:courses_course_deleted")
    admin.post(deleted, {"change": admin.get(deleted).context["rows"][0][0].id})
    assert [option.code for option in survey.questions.get().options.all()] == ["home", "studio"]


def test_a_learners_answers_are_read_in_words_and_unknown_codes_are_named(
    admin: Client, survey: CourseSurvey
) -> None:
    said = {"place": ["home", "x_7"], "place_other": "<i>Garage</i>", "learning_style": "Visual"}
    learner = make_learner(course=survey.course, survey=said)
    html = admin.get(reverse("admin:personalization_profile_change", args=[learner.pk])).content.decode()
    assert "Where" in html
    assert "Home" in html
    assert "&lt;i&gt;Garage&lt;/i&gt;" in html
    assert "place: x_7" in html
    unknown = make_learner(course=None, survey=said)
    html = admin.get(reverse("admin:personalization_profile_change", args=[unknown.pk])).content.decode()
    assert "By seeing it" in html
