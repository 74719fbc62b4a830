"""A question that asks who somebody is, under a key that does not say so: its answer never leaves."""

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
