"""The project in another folder, as on another machine."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.forked import ROOT

PARTS = ("courses", "personalization", "persona_site", "locale", "manage.py", "pyproject.toml")


@contextmanager
def another_folder() -> Iterator[Path]:
    """A working directory that shares no file with ours."""
    with tempfile.TemporaryDirectory(prefix="persona-elsewhere-") as folder:
        for name in PARTS:
            source, target = ROOT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        yield Path(folder)
