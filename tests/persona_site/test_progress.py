"""The progress bar of a long command."""

from io import StringIO

from rich.console import Console

from persona_site.progress import LateBar


def shown(*, terminal: bool, after: float) -> str:
    output = StringIO()
    with LateBar(Console(file=output, force_terminal=terminal, width=80), shown_after=after) as bar:
        bar.stage("Reading lessons", 3)
        bar.tick()
        bar.stage("Writing", 5)
        bar.say("Another import is running: [waiting]")
    return output.getvalue()


def test_a_long_work_has_a_bar_on_a_terminal() -> None:
    text = shown(terminal=True, after=0)
    assert "Writing" in text
    assert "0/5" in text


def test_a_short_work_and_a_log_have_none() -> None:
    for text in (shown(terminal=True, after=60), shown(terminal=False, after=0)):
        assert text == "Another import is running: [waiting]\n"
