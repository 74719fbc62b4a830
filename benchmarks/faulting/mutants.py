"""Mutants: workers with one mistake each, which the checker must find. Else it would not find ours."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType

from personalization.services import ledger, queue
from personalization.writers import openai


@dataclass(frozen=True, slots=True)
class Change:
    """Some words of a statement in the place of others. It is the statement of today that is changed."""

    module: ModuleType
    constant: str
    old: str
    new: str

    @property
    def statement(self) -> str:
        """Raises AssertionError where it has not these words any more: the mutant would be none."""
        today: str = getattr(self.module, self.constant)
        if self.old not in today:
            raise AssertionError(
                f"{self.module.__name__}.{self.constant} has no {self.old!r}: renew the mutant"
            )
        return today.replace(self.old, self.new)


@dataclass(frozen=True, slots=True)
class Swap:
    """Another function in the place of one."""

    module: ModuleType
    constant: str
    statement: Callable[..., object]


@dataclass(frozen=True, slots=True)
class Mutant:
    """`breaks`: the promise of the checker that must be found broken."""

    name: str
    what: str
    changes: tuple[Change | Swap, ...]
    breaks: str

    def install(self, put: Callable[[ModuleType, str, object], None] = setattr) -> None:
        """From now on this process works with the mistake."""
        for change in self.changes:
            put(change.module, change.constant, change.statement)


MINE = "AND item.lease_token = given.token"
# A worker does not hear what has become of its items: its heartbeat would take them out of its hands in time.
DEAF = (
    Change(queue, "HEARTBEAT", MINE, ""),
    Change(queue, "HEARTBEAT", "WHERE item.state = 'running'\n    ), free", "), free"),
)
MUTANTS = (
    Mutant(
        "delete-first",
        "the old text is deleted when its item is claimed",
        (
            Change(
                queue,
                "CLAIM",
                "UPDATE generation_items item SET state = 'running'",
                """, gone AS (
        DELETE FROM personalized_lesson_descriptions text USING chosen, generation_items old
        WHERE old.id = chosen.id AND text.profile_id = old.profile_id AND text.lesson_id = old.lesson_id
    )
    UPDATE generation_items item SET state = 'running'""",
            ),
        ),
        breaks="no text is missing at any read",
    ),
    Mutant(
        "no-fence",
        "a worker writes what it has, whoever holds the item by now",
        (
            Change(queue, "SETTLE", MINE, ""),
            Change(queue, "SETTLE", "WHERE item.state = 'running' ORDER BY", "ORDER BY"),
            *DEAF,
        ),
        breaks="no version is written twice",
    ),
    Mutant(
        "publishes-after-a-cancel",
        "what was begun before its run was cancelled is published all the same",
        (
            Change(queue, "SETTLE", MINE, "AND (item.lease_token = given.token OR item.state = 'cancelled')"),
            Change(queue, "SETTLE", "WHERE item.state = 'running' ORDER BY", "ORDER BY"),
            Change(queue, "SETTLE", "AND NOT outcome.cancelled", ""),
            *DEAF,
        ),
        breaks="no text comes after its run's cancel",
    ),
    Mutant(
        "no-fence-of-money",
        "a call is settled again that a sweep has settled",
        (Change(ledger, "SETTLE_CALLS", "AND call.state = 'reserved'", ""),),
        breaks="spent is the sum of the ledger",
    ),
    Mutant(
        "no-check",
        "an answer is published as it came",
        (Swap(openai, "check_answer", lambda document, brief: document),),
        breaks="every text may be published",
    ),
)
