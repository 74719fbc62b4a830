"""`files[].path` as text."""

import pytest

from courses.course_folder.asset_paths import path_problem


@pytest.mark.parametrize(
    "path",
    [
        "1-47eaa099.txt",
        "images/Схема шеи (2).svg",
        "./video/part 1.mp4",
        "a..b/c.txt",
        "100%.pdf",
        "й.png",
        "https://example.com/video.mp4?a=1&b=2#t=3",
        "http://cdn.example.com:8080/a.jpg",
        "HTTPS://EXAMPLE.COM/a",
        "https://пример.рф/урок",
    ],
)
def test_a_place_in_the_folder_or_on_the_public_web(path: str) -> None:
    assert path_problem(path) is None


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("", "is empty"),
        ("   ", "is empty"),
        ("x" * 3000, "3,000 bytes"),
        ("/".join(["ы" * 100] * 10), "2,009 bytes"),
        (" javascript:alert(1)", "blanks around"),
        (" https://127.0.0.1/x", "blanks around"),
        ("a.pdf ", "blanks around"),
        ("\u2028javascript:alert(1)", "U+2028"),
        ("a\x85", "U+0085"),
        ("../../etc/passwd", "leads out"),
        ("images/../../secret", "leads out"),
        ("images/..", "leads out"),
        ("%2e%2e%2fetc/passwd", "leads out"),
        ("%252e%252e%252fetc", "leads out"),
        ("/etc/passwd", "is absolute"),
        ("%2fetc/passwd", "is absolute"),
        ("//host/share", "is absolute"),
        ("~/.ssh/id_rsa", "is absolute"),
        ("C:\\x", "is of a kind"),
        ("images\\x.png", "backslash"),
        ("\\\\host\\share", "backslash"),
        ("a%5c..%5cb", "backslash"),
        ("file:///etc/passwd", "is of a kind"),
        ("javascript:alert(1)", "is of a kind"),
        ("JavaScript:alert(1)", "is of a kind"),
        ("data:text/html,x", "is of a kind"),
        ("gopher://example.com/", "is of a kind"),
        ("a\x00b", "U+0000"),
        ("a\nb", "U+000A"),
        ("evil\u202egnp.exe", "U+202E"),
        (".", "names no file"),
        ("a./b", "not every system"),
        ("CON", "not every system"),
        ("nul.txt", "not every system"),
        ("ы" * 200, "400 bytes"),
    ],
)
def test_paths_that_lead_elsewhere(path: str, words: str) -> None:
    assert words in (path_problem(path) or "")


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST.",
        "127.0.0.1",
        "127.1",
        "0x7f.1",
        "2130706433",
        "0177.0.0.1",
        "0",
        "10.0.0.5",
        "169.254.169.254",
        "192.168.1.1",
        "8.8.8.8",
        "①②⑦.⓪.⓪.①",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[64:ff9b::a00:1]",
        "intranet",
        "db.internal",
        "printer.local",
        "router.lan",
        "a.localhost",
        "1.0.0.127.in-addr.arpa",
        "",
        ".",
        "-a.com",
        "a..com",
        "a_b c.com",
    ],
)
def test_addresses_that_are_not_public(host: str) -> None:
    assert "public host" in (path_problem(f"https://{host}/x") or "")


def test_addresses_with_secrets_or_nonsense() -> None:
    assert path_problem("https://user:pass@example.com/") == "holds a user name or password: remove it"
    assert "no address" in (path_problem("https://example.com:99999/") or "")
    assert "no address" in (path_problem("https://[::1/") or "")


def test_the_type_counts_with_the_path() -> None:
    path = "/".join(["x" * 249] * 8)
    assert path_problem(path, "p") is None
    assert "2,001 bytes" in (path_problem(path, "pd") or "")
