"""What can go wrong while a text is written. Each error says what the queue does with the item.

Codes are shown to operators and counted by kind; messages never carry a learner's data.
"""

from typing import Any


class WriterError(Exception):
    """Base of what a writer may raise. `code` is a short stable word, `message` one line for an operator.

    `usage`: what the refused answer cost (a writers.base.Usage); None where no answer came. `seconds`: from
    the start of the request to the answer, or to the end of the patience with it; None where there was none.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.usage: Any = None
        self.seconds: float | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Transient(WriterError):
    """Worth another attempt later: the endpoint was busy, gone, slow, or answered badly.

    `retry_after` is the pause in seconds that the provider asked for, None where it asked for none.
    `reask`: the answer itself was bad: ask once more inside the attempt.
    """

    def __init__(
        self, code: str, message: str, retry_after: float | None = None, *, reask: bool = False
    ) -> None:
        super().__init__(code, message)
        self.args = (code, message, retry_after)
        self.retry_after = retry_after
        self.reask = reask


class Permanent(WriterError):
    """Another attempt would end the same: the model refused, or the request itself is wrong."""


class RunBlocked(WriterError):
    """Not this item's fault: key, rights, model name or quota. The run pauses, the attempt is given back."""


class Unsent(WriterError):
    """No request was made: the worker stops, or more money must be set aside first. `code` "" is no error.

    Nothing is owed, and the attempt is given back.
    """


class PlanRefused(Exception):
    """A run cannot start. `str()` is one line that says why and what to do."""
