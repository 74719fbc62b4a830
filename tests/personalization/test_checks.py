"""What keeps an answer from being published, and that the reason never repeats the answer."""

import pickle
from dataclasses import replace

import pytest

from courses.formats.definition import Document
from personalization.answers import NAME_PLACEHOLDER
from personalization.brief import Brief
from personalization.checks import LONGEST_TEXT, check_answer
from personalization.errors import Transient
from personalization.greetings import forms_of_address
from tests.builders import PERSONAL_TEXT
from tests.personalization.briefs import NINA, SAM

RUSSIAN: Document = PERSONAL_TEXT | {
    "summary_short": f"{NAME_PLACEHOLDER}, этот урок о первом прикосновении и о тёплых ладонях.",
}
ENGLISH: Document = {
    "summary_short": f"{NAME_PLACEHOLDER}, this lesson is about why people sleep and what it is good for.",
    "why_watch": "You wanted to wake up rested, and this is where it begins.",
    "quick_action": "Open the window of your bedroom for ten minutes.",
    "social_share": "Today I learned why a good night begins in the morning!",
    "homework_20m": [
        "Write down when you woke up.",
        "Read two pages.",
        "Stretch your back.",
        "Dim the light.",
        "Lie down.",
    ],
}


def refusal(document: object, brief: Brief = NINA) -> Transient:
    with pytest.raises(Transient) as caught:
        check_answer(document, brief)
    return caught.value


@pytest.mark.parametrize(("document", "brief"), [(RUSSIAN, NINA), (ENGLISH, SAM)])
def test_a_right_answer_comes_back_as_it_is(document: Document, brief: Brief) -> None:
    assert check_answer(document, brief) == document


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME_PLACEHOLDER}, вы справитесь!",
        "Раз — два; «три»: 5 < 7, а 7 > 5, и <3",
        "Ладони тёплые\nи мягкие\tруки 👋🏽 👩‍👩‍👧",
        "Сила 2-3 из 10, по 20-30 секунд, 1–2 раза в день",
        "С 2019 по 2024 год",
        "кот@дома и #массаж",
    ],
)
def test_ordinary_texts_pass(text: str) -> None:
    document = RUSSIAN | {"quick_action": text}
    assert check_answer(document, NINA) == document


@pytest.mark.parametrize(
    "greeting", ["Марина, вы", "Здравствуйте, Марина! Вы", "МАРИНА ПЕТРОВА, вы", "«Пётр», вы"]
)
def test_nobody_is_addressed_by_the_name_of_another_learner_of_the_course(greeting: str) -> None:
    document = RUSSIAN | {"summary_short": f"{greeting} хотели помочь мужу после долгой дороги."}
    course = replace(NINA, addresses=forms_of_address(["Нина", "Марина Петрова", "Петр", None, "a@b.org"]))
    assert refusal(document, course).code == "invalid_answer"
    assert check_answer(document, NINA) == document, "nobody of that name is in the course"


@pytest.mark.parametrize(
    "text",
    [
        f"{NAME_PLACEHOLDER}, вы хотели помочь мужу.",
        "Нина, вы хотели помочь мужу.",
        "Марина покажет, где лежат ладони.",
        "Сегодня, как говорит Марина, вы начнёте с ладоней.",
    ],
)
def test_a_name_may_be_the_learners_own_or_the_lessons(text: str) -> None:
    course = replace(NINA, addresses=forms_of_address(["Нина", "Марина"]))
    document = RUSSIAN | {"summary_short": text}
    assert check_answer(document, course) == document


@pytest.mark.parametrize("place", ["transcript", "summary", "lesson_title"])
def test_the_lessons_own_people_may_be_told_of(place: str) -> None:
    said = {"transcript": "", "summary": "", "lesson_title": "", place: "Знакомьтесь: Пётр, водитель."}
    course = replace(
        NINA,
        addresses=forms_of_address(["Пётр"]),
        transcript=said["transcript"],
        summary=said["summary"],
        lesson_title=said["lesson_title"],
    )
    document = RUSSIAN | {"summary_short": "Пётр, водитель автобуса, начал с пяти минут в день."}
    assert check_answer(document, course) == document


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (None, "an object is needed, found NoneType"),
        ([], "an object is needed, found list"),
        ("текст", "an object is needed, found str"),
        ({}, "summary_short: is missing; why_watch: is missing; "),
        (RUSSIAN | {"extra": "текст"}, "extra: is not a section of the format personal"),
        (RUSSIAN | {"prev_lessons": "текст"}, "prev_lessons: is not a section"),
        (RUSSIAN | {"why_watch": ["текст"]}, "why_watch: a text is needed, found list"),
        (RUSSIAN | {"why_watch": " "}, "why_watch: is empty"),
        (RUSSIAN | {"homework_20m": "текст"}, "homework_20m: a list of texts is needed"),
        (RUSSIAN | {"homework_20m": ["шаг"]}, "homework_20m: 5 to 7 items are needed, found 1"),
    ],
)
def test_an_answer_that_does_not_fit_the_format_is_refused(document: object, message: str) -> None:
    error = refusal(document)
    assert error.code == "invalid_answer"
    assert error.message.startswith(message)


def test_a_message_about_many_problems_stays_short() -> None:
    error = refusal({f"key{number}": "" for number in range(200)})
    assert len(error.message) == 500


@pytest.mark.parametrize("section", ["why_watch", "homework_20m"])
@pytest.mark.parametrize(
    ("found", "what"),
    [
        ("<script>alert(1)</script>", "markup"),
        ("<b>важно</b>", "markup"),
        ("</p>", "markup"),
        ("<!-- тайна -->", "markup"),
        ("<img src=x onerror=alert(1)>", "markup"),
        ("```json", "markup"),
        ("https://example.org/x?name=нина", "link"),
        ("HTTP://example.org", "link"),
        ("www.example.org", "link"),
        ("[нажмите](сюда)", "link"),
        ("javascript:alert(1)", "link"),
        ("пишите на nina@example.org", "e-mail address"),
        ("звоните +7 916 123-45-67", "phone number"),
        ("звоните 89161234567", "phone number"),
        ("{{ settings.SECRET_KEY }}", "template code"),
        ("{% include 'x' %}", "template code"),
        ("Здравствуйте, {{имя}}", "template code"),
        ("Здравствуйте, {{ name }}", "template code"),
        ("\x00", "hidden characters"),
        ("\x1b[31m", "hidden characters"),
        ("\x7f", "hidden characters"),
        ("\u200b", "hidden characters"),
        ("\u202eтекст", "hidden characters"),
        ("\u2066текст", "hidden characters"),
        ("\ufeff", "hidden characters"),
        ("\ud800", "hidden characters"),
        ("\U000e0041", "hidden characters"),
    ],
)
def test_what_no_text_may_hold(found: str, what: str, section: str) -> None:
    text = f"Положите ладони {found} на плечи."
    error = refusal(RUSSIAN | {section: text if section == "why_watch" else [text] * 5})
    assert (error.code, error.message) == ("invalid_answer", f"{section}: holds {what}")


def test_a_section_has_a_length() -> None:
    longest = "Ладони на плечах. " * (LONGEST_TEXT // 18)
    assert check_answer(RUSSIAN | {"why_watch": longest}, NINA)
    error = refusal(RUSSIAN | {"why_watch": longest + "Ещё раз. " * 20})
    assert error.code == "invalid_answer"
    assert error.message.startswith("why_watch: 4,1")
    assert error.message.endswith(" characters, at most 4,000")


OTHER_LANGUAGES: list[tuple[Document, Brief]] = [
    (RUSSIAN, SAM),
    (ENGLISH, NINA),
]
UKRAINIAN = "Цей урок про перший дотик, і ви дізнаєтеся, як покласти долоні на плечі, щоб було тепло."
GERMAN = "In dieser Lektion geht es um den Schlaf, und Sie erfahren, warum eine gute Nacht am Morgen beginnt."


@pytest.mark.parametrize(("document", "brief"), OTHER_LANGUAGES)
def test_the_other_language_is_refused(document: Document, brief: Brief) -> None:
    error = refusal(document, brief)
    assert error.code == "wrong_language"
    assert error.message == f"the answer is not in the course's language ({brief.language})"


@pytest.mark.parametrize(("text", "brief"), [(UKRAINIAN, NINA), (GERMAN, SAM)])
def test_a_language_of_the_same_script_is_refused(text: str, brief: Brief) -> None:
    document: Document = dict.fromkeys(RUSSIAN, text) | {"homework_20m": [text] * 5}
    assert refusal(document, brief).code == "wrong_language"


@pytest.mark.parametrize(
    ("document", "brief"),
    [
        (RUSSIAN | {key: ENGLISH[key] for key in ("quick_action", "social_share")}, NINA),
        (ENGLISH | {key: RUSSIAN[key] for key in ("summary_short", "why_watch", "homework_20m")}, SAM),
    ],
)
def test_a_mixture_of_languages_is_refused(document: Document, brief: Brief) -> None:
    assert refusal(document, brief).code == "wrong_language"


def test_a_foreign_word_is_no_foreign_language() -> None:
    assert check_answer(RUSSIAN | {"social_share": "Мой neck massage challenge!"}, NINA)


def test_too_little_text_is_not_judged() -> None:
    document: Document = dict.fromkeys(RUSSIAN, "OK") | {"homework_20m": ["1", "2", "3", "4", "5"]}
    assert check_answer(document, NINA) == document


def test_the_reason_never_repeats_the_answer() -> None:
    secret = "тайна nina@example.org"
    for document in (
        RUSSIAN | {"why_watch": f"<b>{secret}</b>"},
        RUSSIAN | {"why_watch": [secret]},
        dict.fromkeys(RUSSIAN, secret * 20),
    ):
        error = refusal(document)
        assert "тайна" not in str(error)
        assert "nina" not in str(error)


def test_the_error_survives_pickling() -> None:
    error = pickle.loads(pickle.dumps(refusal({})))
    assert (error.code, error.retry_after) == ("invalid_answer", None)
