"""A question that asks who somebody is, under a key that does not say so: its answer never leaves."""

import time

import pytest

from personalization.answers import cleaned_answers
from personalization.contact_labels import asks_who
from personalization.models import SurveyQuestion
from personalization.prompts import messages
from personalization.services.work import make_brief
from personalization.survey import Question, Survey
from tests.builders import default_survey, make_course, make_learner, make_lesson

ASKING = (
    *("Ваше имя", "Как вас зовут?", "Имя и фамилия (для сертификата)", "1. Ваш номер телефона *", "ФИО"),
    *(
        "Телефон для связи",
        "Контактный телефон",
        "Как к вам обращаться",
        "Эл. почта",
        "Адрес электронной почты",
    ),
    *("E-mail, на который придёт доступ", "Имейл", "Ссылка на ваш профиль ВКонтакте", "Ваш ник в Телеграме"),
    *("Ваши контактные данные", "Как с вами связаться", "Фамилия, имя, отчество", "Telegram или WhatsApp"),
    *("Your e-mail", "Email address", "What is your name?", "Full name", "How should we call you?"),
    *("Имя пользователя", "Имя латиницей", "Имя (на английском)", "Имя и возраст", "Имя, возраст, город"),
    *("Как мы можем к вам обращаться?", "Представьтесь, пожалуйста", "Имя, дата рождения", "Номер паспорта"),
    *("Legal name", "Nick name", "Name on passport", "Name and city", "Who are you?", "СНИЛС"),
    *("Phone number", "Your Telegram handle", "Contact details", "How can we reach you?"),
)
ASKING_OTHERWISE = (
    *("Сколько часов вы проводите в телефоне?", "Телефон мешает спать?", "Имя бренда", "Мобильность плеч"),
    *(
        "Зрительный контакт с клиентом",
        "Боитесь ли вы контактов?",
        "Зачем вы учитесь",
        "Ваш опыт",
        "Ваш город",
    ),
    *("Who are you training for?", "Представьте, что всё получилось", "Ваш возраст и город", "City"),
    *("Contact with clients", "Name three goals", "Do you use your phone at night?", "For whom", "", "42"),
)


@pytest.mark.parametrize("label", ASKING)
def test_labels_that_ask_who_somebody_is(label: str) -> None:
    assert asks_who(label)
    assert asks_who(label.upper())
    assert cleaned_answers({label: "Кто-то", "goal": "Шея"}, None, "u-1") == {"goal": "Шея"}


@pytest.mark.parametrize("label", ASKING_OTHERWISE)
def test_labels_that_ask_for_something_else(label: str) -> None:
    assert not asks_who(label)
    assert cleaned_answers({label: "много"}, None, "u-1") == {label: "много"}


@pytest.mark.parametrize("labels", [{"ru": "Ваше имя"}, {"en": "Your e-mail"}, {"ru": "", "en": "Phone"}])
def test_a_question_asks_by_its_words_in_any_language(labels: dict[str, str]) -> None:
    survey = Survey((Question("q1", labels, other_key="q1_more"), Question("q2", {"ru": "Ваш опыт"})))
    assert survey.contact_keys == {"q1", "q1_more"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("ru", "en", "answer"),
    [("Ваше имя", "", "маша"), ("", "Phone for contact", "12-34"), ("Ник", "", "masha_k")],
)
def test_what_such_a_question_is_answered_with_is_in_no_message(ru: str, en: str, answer: str) -> None:
    labels = {"label_ru": ru, "label_en": en}
    SurveyQuestion.objects.create(survey=default_survey(), key="q1", other_key="q1_more", **labels)
    course = make_course()
    survey = {"q1": answer, "q1_more": "тайна", "goal": "Шея"}
    learner = make_learner(course=course, name=None, survey=survey)
    brief = make_brief(learner, make_lesson(course))
    assert brief.answers == {"goal": "Шея"}
    said = str(messages(brief))
    assert answer not in said
    assert "тайна" not in said


def test_a_question_may_come_with_its_answer() -> None:
    survey = {"form": [{"question": "Ваше имя", "answer": "маша"}, {"question": "Цель", "answer": "Шея"}]}
    assert cleaned_answers(survey, None, "u-1") == {"form": [{"question": "Цель", "answer": "Шея"}]}


def test_a_name_that_is_told_there_does_not_leave_with_other_answers_either() -> None:
    survey = {"Ваше имя": "Мария Петрова", "goal": "Я Мария, Петровой быть легко", "real_name": "Нет"}
    assert cleaned_answers(survey, None, "u-1") == {"goal": "Я […], […] быть легко"}
    assert cleaned_answers({"name": "Нет", "goal": "Нет времени"}, None, "u-1") == {"goal": "Нет времени"}


@pytest.mark.parametrize(
    ("survey", "left"),
    [
        ({"profile": {"name": "Ольга"}, "goal": "Я Ольга, шея"}, {"goal": "Я […], шея"}),
        (
            {
                "form": [
                    {"question": "Ваше имя", "answer": "Ольга Петрова"},
                    {"question": "О себе", "answer": "Я Ольга Петрова"},
                ]
            },
            {"form": [{"question": "О себе", "answer": "Я […]"}]},
        ),
        *(
            ({"Как вас зовут?": told, "goal": "Ольга хочет спать"}, {"goal": "[…] хочет спать"})
            for told in (
                *(
                    "Меня зовут Ольга",
                    "Я Ольга из Москвы",
                    "Ольга, 34",
                    "Ольга П.",
                    "Просто Ольга",
                    "я - Ольга",
                ),
                *(
                    "My name is Ольга",
                    "I am Ольга",
                    "Можно просто Ольга",
                    "Доктор Ольга",
                    {"first": "Ольга"},
                    "О\u0301льга",
                ),
            )
        ),
    ],
)
def test_a_name_is_remembered_from_wherever_it_is_told(survey: object, left: object) -> None:
    assert cleaned_answers(survey, None, "u-1") == left


@pytest.mark.parametrize("told", ["Никак", "Просто", "Просто Оля", "Можно", "Мама", "Доктор", "Как хотите"])
def test_a_word_that_is_said_in_a_names_place_stays_in_other_answers(told: str) -> None:
    survey = {"Как к вам обращаться?": told, "goal": "Просто никак. Доктор и мама, Можно, как"}
    assert cleaned_answers(survey, None, "u-1") == {"goal": survey["goal"]}


def test_a_told_name_stays_a_word_in_small_letters() -> None:
    survey = {"Имя": "Ветка", "goal": "ветка клёна, Ветка"}
    assert cleaned_answers(survey, None, "u-1") == {"goal": "ветка клёна, […]"}


@pytest.mark.parametrize(
    "survey", [{"Адрес": "Москва"}, {"form": [{"question": "Адрес", "answer": "Москва"}]}]
)
def test_only_a_question_for_a_name_tells_one(survey: dict[str, object]) -> None:
    assert cleaned_answers({**survey, "goal": "Из Москвы"}, None, "u-1") == {"goal": "Из Москвы"}


@pytest.mark.django_db
def test_a_courses_own_question_tells_a_name_only_where_it_asks_for_one() -> None:
    SurveyQuestion.objects.create(survey=default_survey(), key="q1", label_ru="Ваше имя")
    SurveyQuestion.objects.create(survey=default_survey(), key="q2", label_ru="Адрес")
    course = make_course()
    survey = {"q1": "Ольга", "q2": "Москва", "goal": "Я Ольга из Москвы"}
    brief = make_brief(make_learner(course=course, name=None, survey=survey), make_lesson(course))
    assert brief.answers == {"goal": "Я […] из Москвы"}


@pytest.mark.parametrize("unit", ["А", "Аб ", "Я ", "я, ", "Ольга-"])
def test_a_long_answer_to_a_question_for_a_name_is_read_in_linear_time(unit: str) -> None:
    start = time.process_time()
    cleaned_answers({"name": unit * (100_000 // len(unit)), "goal": "Я Ольга"}, None, "u-1")
    assert time.process_time() - start < 1  # seconds; measured 0.01
