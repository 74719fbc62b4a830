"""Terminals show what editors and providers wrote as it is."""

from typing import Any

from rich.console import Console


def plain_console(**options: Any) -> Console:
    """A console to which [brackets] in a title are no markup and :words: no pictures: a title of
    "Pain [/b] and sleep" would end a command with a traceback, and "Neck [part 2]" lose its number."""
    return Console(markup=False, emoji=False, **options)
