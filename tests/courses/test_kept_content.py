"""The key `_stored`: a file says today's values, and what is kept in `content` comes back all the same."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.course_folder.kept import differ, kept_content, with_content

keys = st.sampled_from(["title", "number", "x", "_stored"])
values = st.recursive(
    st.none() | st.booleans() | st.integers(0, 1) | st.floats(0, 1) | st.text(max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(keys, inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(keys.filter(lambda key: key != "_stored"), values), values)
def test_any_content_comes_back_from_any_file(data: dict[str, Any], content: Any) -> None:
    written = with_content(data, content)
    assert not differ(kept_content(written), content)
    assert {key: written[key] for key in data} == data


def test_a_file_that_is_its_content_has_no_such_key() -> None:
    assert with_content({"title": "Урок"}, {"title": "Урок"}) == {"title": "Урок"}


def test_only_the_difference_is_said() -> None:
    written = with_content({"title": "new", "id": 1, "n": 1}, {"title": "old", "n": 1, "gone": 2})
    assert written["_stored"] == {"without": ["id"], "was": {"gone": 2, "title": "old"}}


@pytest.mark.parametrize("own", [1, [], {}, {"instead": 1, "x": 2}, {"without": 1, "was": {}}, {"was": {}}])
def test_somebodys_own_key_of_that_name_is_kept(own: Any) -> None:
    assert kept_content({"title": "Урок", "_stored": own}) == {"title": "Урок", "_stored": own}
