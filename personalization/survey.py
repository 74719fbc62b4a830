"""A course's survey, and answers in words: option codes stay in the database, labels go to the model."""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from personalization.brief import SEPARATOR
from personalization.contact_labels import asks_name, asks_who
from personalization.supervisor.tables import LEARNING_STYLE, STYLE_LABELS, TECHNICAL_DEPTH

# What looks like a code and is none of the question's: nobody knows what it means, so nobody is told. Words
# with a hyphen, and letters as people write them, are an answer: "part-time", "L5".
_CODE = re.compile(r"[a-z][a-z0-9]*(?:_[a-z0-9]+)+|[a-z]{1,4}\d+|\d{1,4}")


@dataclass(frozen=True, slots=True)
class Option:
    """A choice. `code` is what the platform stores and never changes; `old_codes` mean the same.

    labels: language → words. other: “something else”, which the learner's own words say better.
    """

    code: str
    labels: Mapping[str, str]
    old_codes: tuple[str, ...] = ()
    other: bool = False


@dataclass(frozen=True)
class Question:
    """`key`: of the answer in the survey. `other_key`: of the same in the learner's own words, "" if none.

    Without options it is answered in free words.
    """

    key: str
    labels: Mapping[str, str]
    options: tuple[Option, ...] = ()
    other_key: str = ""

    @cached_property
    def by_code(self) -> Mapping[str, Option]:
        """Every code, today's and old, in small letters → its option."""
        old = {code.casefold(): option for option in self.options for code in option.old_codes}
        return {**old, **{option.code.casefold(): option for option in self.options}}

    def option_of(self, item: Any) -> Option | None:
        """The option that an answer, or one item of it, names by a code of today or an old one."""
        return self.by_code.get(_as_code(item))


@dataclass(frozen=True)
class Survey:
    """The questions of a course, in order. What follows from them is found out once: learners are many."""

    questions: tuple[Question, ...]

    @cached_property
    def _by_key(self) -> Mapping[str, Question]:
        return {question.key: question for question in self.questions}

    @cached_property
    def _by_other_key(self) -> Mapping[str, Question]:
        return {question.other_key: question for question in self.questions if question.other_key}

    def in_words(self, answers: Mapping[str, Any], language: str) -> dict[str, Any]:
        """The answers with labels in the place of codes, each with the learner's own words beside it.

        Own words count whether or not “something else” was chosen. Answers to other questions stay as they
        are: a platform may ask more than the survey says.
        """
        own = self._by_other_key
        result: dict[str, Any] = {}
        for key, answer in answers.items():
            if key in own and own[key].key in answers:
                continue  # with its question
            question = self._by_key.get(key)
            said = answers.get(question.other_key) if question and question.other_key else None
            result[key] = _in_words(question, answer, said, language) if question else answer
        return result

    def labels(self, language: str) -> dict[str, str]:
        """Key → the question in words, those in the learner's own words too."""
        labels = {question.key: label_in(question.labels, language) for question in self.questions}
        own = {key: labels[question.key] for key, question in self._by_other_key.items()}
        return {key: label for key, label in {**own, **labels}.items() if label}

    @cached_property
    def contact_keys(self) -> frozenset[str]:
        """Keys of the questions that ask who somebody is, by their words in any language: no answer to them
        leaves, and neither does what was said beside one."""
        return self._keys_that(asks_who)

    @cached_property
    def name_keys(self) -> frozenset[str]:
        """Those among them that ask for a name: what is told there leaves with no other answer either."""
        return self._keys_that(asks_name)

    def _keys_that(self, ask: Callable[[str], bool]) -> frozenset[str]:
        asking = [q for q in self.questions if any(map(ask, q.labels.values()))]
        return frozenset(key for question in asking for key in (question.key, question.other_key) if key)

    def unknown_codes(self, answers: Mapping[str, Any]) -> list[tuple[str, str]]:
        """Question and code of answers that look like codes and are none: they are not sent."""
        found = []
        for question in self.questions:
            known = question.by_code
            items = _items(answers.get(question.key)) if question.options else []
            found += [(question.key, item) for item in items if _is_unknown(item, known)]
        return found

    @property
    def tag(self) -> str:
        """MD5 of all that it says, in whatever order it asks: part of a text's fingerprint."""
        parts = []
        for question in sorted(self.questions, key=lambda question: question.key):
            parts += [question.key, question.other_key, *_flat(question.labels)]
            for option in sorted(question.options, key=lambda option: option.code):
                old = sorted(option.old_codes)
                parts += [option.code, str(option.other), *old, *_flat(option.labels)]
        return hashlib.md5(SEPARATOR.join(parts).encode(), usedforsecurity=False).hexdigest()


def label_in(labels: Mapping[str, str], language: str) -> str:
    """In the language, else in any other: a label that the model has to translate says more than none."""
    return labels.get(language) or next(filter(None, labels.values()), "")


def _in_words(question: Question, answer: Any, own: Any, language: str) -> Any:
    own_words = _items(own)
    if not question.options and not own_words:
        return answer
    known = question.by_code
    words: list[Any] = []
    for item in _items(answer):
        option = known.get(_as_code(item))
        if option is None:
            words += [] if question.options and _is_unknown(item, known) else [item]
        elif not option.other:
            words.append(label_in(option.labels, language))
    words = [*{repr(word): word for word in (*words, *own_words)}.values()]
    return words if isinstance(answer, list) or len(words) > 1 else next(iter(words), "")


def _items(answer: Any) -> list[Any]:
    if answer in (None, "", [], {}):
        return []
    return list(answer) if isinstance(answer, list) else [answer]


def _as_code(item: Any) -> str:
    """A platform may store codes as numbers."""
    return str(item).strip().casefold() if isinstance(item, str | int) else ""


def _is_unknown(item: Any, known: Mapping[str, Option]) -> bool:
    return _as_code(item) not in known and _CODE.fullmatch(str(item).strip()) is not None


def _flat(labels: Mapping[str, str]) -> Sequence[str]:
    return [part for language in sorted(labels) for part in (language, labels[language])]


def _ask(
    key: str, ru: str, en: str, other_key: str = "", options: Sequence[tuple[str, str, str]] = ()
) -> Question:
    """options: (code, label in Russian, label in English)."""
    choices = tuple(
        Option(code, {"ru": in_russian, "en": in_english}, _other_words(key, code))
        for code, in_russian, in_english in options
    )
    return Question(key, {"ru": ru, "en": en}, choices, other_key)


def _other_words(key: str, code: str) -> tuple[str, ...]:
    """What other platforms answer in the code's place: none of it is fit for a learner's eyes."""
    words = STYLE_LABELS.get(code.lower(), ()) if key == LEARNING_STYLE else ()
    return tuple(word for word in words if word != code.lower())


DEFAULT_SURVEY = Survey(
    (
        _ask("motivation", "Зачем вы учитесь", "Why you learn", "motivation_other"),
        _ask("target_clients", "Для кого", "For whom"),
        _ask("skills_wanted", "Чему вы хотите научиться", "What you want to be able to do"),
        _ask("fears", "Что вас беспокоит", "What worries you", "fears_other"),
        _ask("wow_result", "На какой результат вы надеетесь", "The result you hope for"),
        _ask("practice_model", "Где и с кем вы практикуетесь", "Where and with whom you practise"),
        _ask("experience", "Ваш опыт", "Your experience"),
        _ask(
            LEARNING_STYLE,
            "Как вам удобнее осваивать новое",
            "How you like to take in something new",
            options=[
                ("Visual", "Смотреть", "By seeing it"),
                ("Auditory", "Слушать", "By hearing it explained"),
                ("Kinesthetic", "Пробовать руками", "By doing it"),
                ("Unknown", "Пока не знаю", "Not sure yet"),
            ],
        ),
        _ask(
            TECHNICAL_DEPTH,
            "Сколько подробностей вам нужно, от 0 (только суть) до 100 (всё)",
            "How much detail you want, from 0 (the essence) to 100 (everything)",
        ),
    )
)
"""The known questions, most in free words. Shipped as rows too, so that editors can give them options."""
