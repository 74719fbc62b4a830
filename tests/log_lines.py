"""Lines of the log, as they would be written in production."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from persona_site.logs.lines import formatter


class KeptLines(logging.Handler):
    """`lines`: the objects that were written."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(formatter("json", whole_errors=False))
        self.lines: list[dict[str, Any]] = []

    def emit(self, made: logging.LogRecord) -> None:
        self.lines.append(json.loads(self.format(made)))


@contextmanager
def kept_lines(logger: str) -> Iterator[KeptLines]:
    """What this logger and those below it write meanwhile."""
    handler = KeptLines()
    logging.getLogger(logger).addHandler(handler)
    try:
        yield handler
    finally:
        logging.getLogger(logger).removeHandler(handler)
