from pathlib import Path

import pytest

from tests.store_builder import CourseBuilder, StoreBuilder


@pytest.fixture
def store(tmp_path: Path) -> StoreBuilder:
    return StoreBuilder(tmp_path / "store")


@pytest.fixture
def course(store: StoreBuilder) -> CourseBuilder:
    """Three lessons; the learner u-1 has a text for the first."""
    course = store.course().lessons(3)
    course.template(1)
    course.text("u-1", 1)
    store.profiles("u-1", "u-2")
    return course
