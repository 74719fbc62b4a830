"""A reader that finds nothing has looked: whoever ends it, or slows it down, is found out."""

import pytest
from django.db import connection

from benchmarks.faulting.checker import check
from benchmarks.faulting.reader import NAME, Reader, Seen
from benchmarks.faulting.world import World, make_world
from tests.processes import until

THERE, TO_THE_END = "the reader was there", "the reader reads to the end"
# Of this database: another process of tests may have a reader of its own.
TERMINATE = """
    SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
    WHERE application_name = %s AND datname = current_database()
"""


class Torn(dict[str, int]):
    """Revisions of which nobody can read more than one."""

    reads = 0

    def get(self, key: str, default: object = None) -> int:
        self.reads += 1
        if self.reads > 1:
            raise KeyError(key)
        return 0


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world(learners=1, lessons=1)


def address() -> str:
    database = connection.settings_dict
    return f"host={database['HOST']} dbname={database['NAME']} user={database['USER']}"


def broken(seen: Seen) -> list[str]:
    found = check({"requests": 0, "by_mode": {}}, seen, may_be_unknown=0).broken
    return [promise for promise in found if promise in (THERE, TO_THE_END)]


def test_a_reader_that_dies_is_found_out(world: World) -> None:
    with Reader(address(), world.pairs, Torn()) as reader:
        until(lambda: not reader.is_alive(), "it dies of its second look")
    assert reader.seen.scans == 2
    assert broken(reader.seen) == [TO_THE_END]
    assert reader.seen.first[0].startswith("the reader died: KeyError")


def test_a_reader_goes_on_when_the_server_is_back(world: World) -> None:
    with Reader(address(), world.pairs, world.revisions) as reader:
        until(lambda: reader.seen.scans, "it reads")
        with connection.cursor() as cursor:
            cursor.execute(TERMINATE, [NAME])
            assert cursor.fetchone() == (1,)
        before = until(lambda: reader.seen.unreachable and reader.seen.scans, "it is cut off")
        until(lambda: reader.seen.scans > before, "it reads again")
    assert reader.seen.reached > 0
    assert broken(reader.seen) == []


@pytest.mark.parametrize(("scans", "reached", "found"), [(0, 0, [THERE]), (20, 20, []), (19, 20, [THERE])])
def test_a_reader_must_look_all_the_time(scans: int, reached: float, found: list[str], db: None) -> None:
    assert broken(Seen(scans=scans, reached=reached)) == found
