"""Which process of tests runs what: whole files; those that start processes are spread over the time.

xdist's own --dist loadgroup writes the group into an item's name, where pytest from 9.2 on does not look:
every process built what one was to build for all. Its --dist loadfile begins with the files of most tests,
and ends with those of one long test in a browser, for which the other processes then wait.
"""

import pytest
from xdist.scheduler import LoadScopeScheduling

# Files that share what is costly to make; a file alone is together anyhow.
TOGETHER = {
    "tests/courses/test_adoption.py": "adoption",
    "tests/courses/test_original_tables.py": "adoption",
}
# Whose tests take seconds, and wait for many of them: they start workers, or a browser.
FIXTURES = {"live_server", "process_environment", "start_worker"}
# Others that take long.
LONG = {
    "adoption",
    "tests/faults/test_short_rows.py",
    "tests/persona_site/test_demo.py",
    "tests/persona_site/test_embedded_servers.py",
    "tests/persona_site/test_nothing_leaves.py",
    "tests/personalization/test_at_once.py",
    "tests/personalization/test_old_rows.py",
    "tests/personalization/test_pairs.py",
    "tests/personalization/test_traffic.py",
}


class WholeFiles(LoadScopeScheduling):  # type: ignore[misc]  # it brings no types
    """Gives the batches out in the order of collection (with --no-loadscope-reorder)."""

    def _split_scope(self, nodeid: str) -> str:
        return batch(nodeid)


def batch(nodeid: str) -> str:
    """The name of what one process runs: a file, or several that share something."""
    file = nodeid.partition("::")[0]
    return TOGETHER.get(file, file)


def in_order(items: list[pytest.Item]) -> list[pytest.Item]:
    """By batches, the long ones spread."""
    batches: dict[str, list[pytest.Item]] = {}
    for item in items:
        batches.setdefault(batch(item.nodeid), []).append(item)
    long = {name for name, found in batches.items() if name in LONG or any(map(_starts_processes, found))}
    return [item for name in spread(list(batches), long) for item in batches[name]]


def spread(names: list[str], long: set[str]) -> list[str]:
    """In the order in which they are there, but the long ones evenly over the first two thirds.

    All at the start they would be several browsers at once on two cores.
    """
    early = [name for name in names if name in long]
    others = [name for name in names if name not in long]
    place = {name: index / len(others) for index, name in enumerate(others)}
    place |= {name: 2 / 3 * index / len(early) for index, name in enumerate(early)}
    return sorted(names, key=place.__getitem__)


def _starts_processes(item: pytest.Item) -> bool:
    return bool(FIXTURES.intersection(getattr(item, "fixturenames", ())))
