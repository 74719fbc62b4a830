"""The rules of the house that a program can check."""

import ast
import io
import re
import tokenize
from pathlib import Path

import pytest
from django.core.management import call_command, get_commands, load_command_class

from tests.environment import ROOT

PACKAGES = ("persona_site", "personalization", "courses", "legacy", "tests", "benchmarks")
LONGEST_FILE = 300  # lines
LONGEST_FUNCTION = 40

type Function = ast.FunctionDef | ast.AsyncFunctionDef

FILES = [ROOT / "manage.py", *sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))]
WRITTEN_BY_HAND = [path for path in FILES if path.parent.name != "migrations"]


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def functions(path: Path) -> list[Function]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def comments(path: Path) -> list[tuple[int, str]]:
    """(line, text) of each comment."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return [(token.start[0], token.string) for token in tokens if token.type == tokenize.COMMENT]


def test_there_are_files_to_look_at() -> None:
    assert {path.relative_to(ROOT).parts[0] for path in FILES} >= {"courses", "personalization", "tests"}


def test_no_file_is_long() -> None:
    lengths = {path: len(path.read_text().splitlines()) for path in WRITTEN_BY_HAND}
    assert [place(path, length) for path, length in lengths.items() if length > LONGEST_FILE] == []


def test_no_function_is_long() -> None:
    too_long = [
        f"{place(path, function.lineno)} {function.name}"
        for path in WRITTEN_BY_HAND
        for function in functions(path)
        if (function.end_lineno or 0) - function.lineno >= LONGEST_FUNCTION
    ]
    assert too_long == []


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("type: ignore without a code", r"#\s*type:\s*ignore(?!\[)"),
        ("noqa without a code", r"#\s*noqa(?!: ?[A-Z])"),
        ("work left for later", r"\b(TODO|FIXME|XXX|HACK)\b"),
    ],
)
def test_no_comment_is_an_excuse(what: str, pattern: str) -> None:
    # To look at comments alone takes seconds, and most files have no such words at all.
    suspects = [path for path in FILES if re.search(pattern, path.read_text())]
    told = [(path, *comment) for path in suspects for comment in comments(path)]
    found = [place(path, line) for path, line, text in told if re.search(pattern, text)]
    assert found == [], what


COMMANDS = {name: app for name, app in get_commands().items() if str(app).split(".")[0] in PACKAGES}


def test_our_commands_are_found() -> None:
    assert COMMANDS.keys() >= {"demo", "embedded", "fake_model", "import_lessons", "personalize"}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        call_command(name, "--help")
    shown = " ".join(capsys.readouterr().out.split())
    explanation = load_command_class(COMMANDS[name], name).help
    assert ended.value.code == 0
    assert len(explanation) > 40
    assert " ".join(explanation.split()) in shown


def test_brackets_in_a_title_are_no_markup() -> None:
    """Consoles are made in one place: what editors wrote is printed as it is."""
    calls = re.compile(r"(?<![\w.])Console\(")
    made = [path for path in WRITTEN_BY_HAND if calls.search(path.read_text())]
    ours = [path for path in made if path.relative_to(ROOT).parts[0] not in ("tests", "benchmarks")]
    assert [str(path.relative_to(ROOT)) for path in ours] == ["courses/terminal.py"]
