"""A text in canonical keys is stored as its file has it: nothing that the conversion would have changed."""

from hypothesis import given
from hypothesis import strategies as st

from courses.formats.definition import Document, Format
from courses.formats.losses import compared
from courses.formats.shapes import PERSONAL_FORMATS, personal_document
from personalization.learner_files.texts import is_plain, plain_strings
from tests.courses.documents import LEAVES, property_settings

WORDS = st.sampled_from([*LEAVES, "", " "])


def texts(fmt: Format) -> st.SearchStrategy[Document]:
    keys = st.sampled_from([section.key for section in fmt.sections])
    return st.dictionaries(keys, WORDS | st.lists(WORDS, max_size=3), max_size=6)


@property_settings
@given(st.one_of(*map(texts, PERSONAL_FORMATS)))
def test_the_conversion_leaves_a_plain_text_as_it_is(source: Document) -> None:
    assert is_plain(source)
    assert personal_document(source) == source
    assert plain_strings(source) == compared(source, source).strings


def test_texts_of_both_formats_are_plain_and_others_are_not() -> None:
    texts = [{section.key: "Слово" for section in fmt.written} for fmt in PERSONAL_FORMATS]
    assert [is_plain(text) for text in texts] == [True, True]
    assert not is_plain({**texts[0], "mood": "Слово"})
    assert not is_plain({"summary_short": {"mood": "Слово"}})
