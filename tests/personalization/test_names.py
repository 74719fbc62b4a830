"""A learner's name in every case of it; and words that are names too, which stay words."""

import pytest

from courses.models import Course
from personalization.answers import NAME_PLACEHOLDER, cleaned_answers
from personalization.services.work import make_brief
from tests.builders import make_course, make_learner, make_lesson


def cleaned(answer: str, name: str) -> str:
    return str(cleaned_answers({"a": answer}, name, "u-1")["a"])


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("Лев", "Лев Льва Льву Львом Льве ЛЬВОМ"),
        ("Павел", "Павел Павла Павлу Павлом Павле павлом ПАВЛА"),
        ("Пётр", "Пётр Петр Петра Петру Петром Петре петра"),
        ("Петр", "Пётр Петр Петра Петром"),
        ("Илья", "Илья Ильи Илье Илью Ильёй Ильей ильи"),
        ("Зоя", "Зоя Зои Зое Зою Зоей зоей"),
        ("Яна", "Яна Яны Яне Яну Яной яной"),
        ("Юлия", "Юлия Юлии Юлию Юлией"),
        ("Дмитрий", "Дмитрий Дмитрия Дмитрию Дмитрием Дмитрии"),
        ("Игорь", "Игорь Игоря Игорю Игорем"),
        ("Любовь", "Любовь Любови Любви Любовью"),
        ("НИНА", "Нина Нины нину НИНОЙ"),
        ("нина", "Нина Нины нину НИНОЙ"),
        ("Соловей", "Соловей Соловья Соловью Соловьём Соловьем"),
        ("Кравец", "Кравец Кравца Кравцу Кравцом"),
        ("Боец", "Боец Бойца Бойцом"),
        ("Конёк", "Конёк Конька Коньком"),
        ("Песок", "Песок Песка Песком"),
        ("Ежова", "Ежова Ежовой Ежову ежовой Ежов Ежовым Ежовы Ежовых"),
        ("Звездинская", "Звездинская Звездинской звездинскую Звездинский Звездинским"),
        ("Толстой", "Толстой Толстого Толстому Толстым Толстая"),
        ("Шевченко", "Шевченко шевченко"),
        ("Анна-Мария", "Анна Марии Анной Марию"),
        ("Ярополк", "Яропо\u0301лк Яропо\u0301лка"),
    ],
)
def test_all_cases_of_a_name_become_the_placeholder(name: str, forms: str) -> None:
    for form in forms.split():
        assert cleaned(f"я и {form}, да", name) == f"я и {NAME_PLACEHOLDER}, да"


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("Вера", "вера в себя, я верю. Верю и дальше. Проверка веры"),
        ("Роман", "пишу роман, конец романа; романтика"),
        ("Надежда", "есть надежда, живу надеждой"),
        ("Любовь", "любовь к людям, с любовью"),
        ("Слава", "слава не нужна, мне не до славы"),
        ("Лев", "рычу как лев; левая рука, Левый бок, Лёва"),
        ("Рада", "я рада помочь, мы рады"),
        ("Ян Ли", "смогу ли я"),
        ("Илья", "или иль, ил"),
        ("Анна Белая", "белая кожа"),
        ("Will Grace", "I will move with grace, at will"),
        ("Mark Joy", "it leaves a mark; a joy"),
        ("Нина", "Антонина, Нинель"),
        ("Костя", "болят кости, боль в костях, нет костей"),
        ("Лёня", "это от лени"),
        ("Тёма", "новая тема, на эту тему, к теме"),
        ("Коля", "колю дрова"),
        ("Дана", "даны советы"),
        ("Том", "о том, потому и тому"),
        ("Пол", "лежу на полу, пол холодный"),
        ("Лука", "ем много лука, лук"),
        ("Валя", "вали отсюда"),
        ("Гена", "гены такие"),
        ("Нам Сон", "нам мешает сон"),
        ("Анна Спина", "болит спина, спину тянет, боль в спине"),
        ("Олег Зуб", "болит зуб, зубом"),
        ("Олег Боль", "головная боль, с болью"),
        ("Олег Плечо", "ноет плечо, плечом"),
        ("Анна Долгих", "после долгих прогулок"),
        ("Анна Хороших", "хороших дней нет"),
        ("Анна Живых", "среди живых"),
        ("Max Nick", "the max heart rate; in the nick of time"),
    ],
)
def test_a_word_that_is_a_name_too_stays_in_small_letters(name: str, answer: str) -> None:
    assert cleaned(answer, name) == answer


@pytest.mark.parametrize(
    ("name", "answer", "left"),
    [
        ("Вера", "Вера учится. Вере легко", "{{name}} учится. {{name}} легко"),
        ("Вера", "меня зовут вера", "меня зовут {{name}}"),
        ("Надежда", "НАДЕЖДА", "{{name}}"),
        ("Роман", "с Романом", "с {{name}}"),
        ("Слава", "у Славы", "у {{name}}"),
        ("Любовь", "это Любовь", "это {{name}}"),
        ("Will", "my name is will, Will's back", "my name is {{name}}, {{name}}'s back"),
        ("Grace", "call me grace. Grace", "call me {{name}}. {{name}}"),
        ("Ян Ли", "Ли, Яном", "{{name}}, {{name}}"),
        (
            "Костя",
            "костя и костю, меня зовут кости, Кости",
            "{{name}} и {{name}}, меня зовут {{name}}, {{name}}",
        ),
        ("Коля", "коля с колей, Колю", "{{name}} с {{name}}, {{name}}"),
        ("Анна Долгих", "у Долгих", "у {{name}}"),
        ("Фридрих", "я фридрих", "я {{name}}"),
    ],
)
def test_it_is_the_name_with_a_capital_and_where_it_is_introduced(name: str, answer: str, left: str) -> None:
    assert cleaned(answer, name) == left


@pytest.mark.django_db
def test_a_name_changes_neither_the_lesson_nor_what_others_have_answered() -> None:
    course: Course = make_course(title="Вера в движение")
    words = "Вера и Роман дышат. Надежда. " * 20
    lesson = make_lesson(course, title="Вера", summary="Вера в себя", transcript=words)
    vera, other = (
        make_learner(course=course, name=name, survey={"goal": "Вера в себя"}) for name in ("Вера", "Олег")
    )
    own, others = make_brief(vera, lesson), make_brief(other, lesson)
    assert own.answers == {"goal": "{{name}} в себя"}
    assert others.answers == {"goal": "Вера в себя"}
    for brief in (own, others):
        assert (brief.transcript, brief.lesson_title, brief.summary) == (words, "Вера", "Вера в себя")
