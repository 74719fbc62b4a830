"""Documents for tests: old keys with their meaning, generated sources, and what to look for in the result."""

from collections.abc import Iterator
from itertools import count
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from courses.formats.definition import ORDER_KEY, Document
from courses.formats.lesson import LESSON
from courses.formats.personal import EXTENDED, PERSONAL

FORMATS = [LESSON, PERSONAL, EXTENDED]

RUSSIAN = {
    "👋 Введение": "introduction",
    "🔑 Ключевые моменты": "key_points",
    "💡 Практические советы": "practical_tips",
    "⚠️ Важно": "important_notes",
    "🧰 Инвентарь и подготовка": "equipment_preparation",
    "📚 Домашнее задание": "homework",
    "_мотивационная строка_": "motivational_line",
}
RUSSIAN_TWINS = {"⚠️ Важные замечания": "important_notes", "_(мотивационная строка)_": "motivational_line"}
ENGLISH = {
    "👋 Introduction": "introduction",
    "🔑 Key Points": "key_points",
    "💡 Practical Tips": "practical_tips",
    "⚠️ Important Notes": "important_notes",
    "🧰 Equipment & Preparation": "equipment_preparation",
    "📚 Homework": "homework",
    "_motivational line_": "motivational_line",
}
DEFAULT = {
    "introduction": "introduction",
    "what_you_will_learn": "key_points",
    "key_techniques": "practical_tips",
    "equipment_needed": "equipment_preparation",
    "homework": "homework",
    "motivational_note": "motivational_line",
}
OLD_KEYS = {**RUSSIAN, **RUSSIAN_TWINS, **ENGLISH, **DEFAULT}

# Speed is not what these properties are about, and no file of examples is left behind.
property_settings = settings(
    max_examples=40, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow]
)

# Each leaf becomes a text of its own: the dot is its number.
LEAVES = [
    *("·", "<b>·</b>", "{{ · }}", "{% · %}", "&amp;·&lt;", "'·\"", "*·*", " **·** ", "строка\n·"),
    *("\u202e·\u202c", "עברית ·", "𝕏·👩\u200d🚀"),
]
_known = [
    *OLD_KEYS,
    *(section.key for fmt in FORMATS for section in fmt.sections),
    *(heading for fmt in FORMATS for section in fmt.sections for heading in section.headings.values()),
]
_variants = [
    variant(key)
    for key in OLD_KEYS
    for variant in (
        str.upper,
        lambda key: key.replace("\ufe0f", ""),
        lambda key: f"{key[:1]}\ufe0f{key[1:]} ",
    )
]
_unknown = st.text("aB_ *<&/{ё\ufe0f⚠👋𝕏\u202e\n", max_size=6)
_keys = st.sampled_from([*_known, *_variants, "template", "items", "keys"]) | _unknown
_leaves = st.sampled_from(LEAVES) | st.sampled_from(["", "  ", None, 0, 2.5, True])
_values = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=3),
    max_leaves=6,
)


def numbered(source: Any, number: Iterator[int]) -> Any:
    """The source with a text of its own in place of each leaf."""
    if isinstance(source, dict):
        return {key: numbered(value, number) for key, value in source.items()}
    if isinstance(source, list):
        return [numbered(value, number) for value in source]
    return source.replace("·", f"№{next(number)}¶") if isinstance(source, str) else source


def token(text: str) -> str:
    """The part of a generated text that no other text has."""
    return text[text.index("№") : text.index("¶") + 1]


def made_of(keys: st.SearchStrategy[str]) -> st.SearchStrategy[Document]:
    """Documents in which any of the keys may lead to any value; no text is there twice."""
    return st.dictionaries(keys, _values, max_size=6).map(lambda source: numbered(source, count(1)))


plain = made_of(_keys)
wrapped = plain.map(lambda source: {"version": 2, "template": source})
twins = st.dictionaries(st.sampled_from([*OLD_KEYS]), _leaves, min_size=8, max_size=12).map(
    lambda source: numbered(source, count(1))
)
documents = plain | wrapped | twins
# Some keys that no format knows among one's own: then the order is the author's.
unordered = made_of(_unknown | st.sampled_from([section.key for section in LESSON.sections]))


def texts(value: object) -> Iterator[str]:
    """Every text in a value that is not blank, in order; an `_order` of keys is none of them."""
    if isinstance(value, str) and value.strip():
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            if key != ORDER_KEY:
                yield from texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def as_jsonb(value: Any) -> Any:
    """The value with all keys in the order of jsonb: shorter ones first."""
    if isinstance(value, list):
        return [as_jsonb(item) for item in value]
    if not isinstance(value, dict):
        return value
    keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
    return {key: as_jsonb(value[key]) for key in keys}
