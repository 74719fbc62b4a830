"""`files[].path` as text: a place inside the course folder, or a page of the public web. Opens nothing."""

import ipaddress
import re
import unicodedata
from urllib.parse import unquote, urlsplit

# Bytes in UTF-8, together with the type: an entry of the unique index takes 2,704 of them.
LONGEST_PATH = 2_000
LONGEST_NAME = 255  # bytes; what file systems take

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:")
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b\u2028-\u202e\u2060-\u2069\ufeff]")
_PRIVATE = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "invalid", "test", "arpa")
_LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)")
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?", re.IGNORECASE)


def path_problem(path: str, asset_type: str = "") -> str | None:
    """Why this cannot be the path or address of an asset of this type; None: it can."""
    if not path.strip():
        return "is empty: write a path inside the course folder, or an https address"
    if (size := len(f"{asset_type}{path}".encode())) > LONGEST_PATH:
        return f"has {size:,} bytes together with the type, at most {LONGEST_PATH:,} are allowed"
    if hidden := _HIDDEN.search(path):
        return f"holds the character U+{ord(hidden[0]):04X}: remove it"
    if path != path.strip():
        return "has blanks around it: remove them"
    if is_address(path):
        return _address_problem(path)
    return _relative_problem(path)


def is_address(path: str) -> bool:
    return path.lower().startswith(("http://", "https://"))


def path_parts(path: str) -> list[str]:
    """The names that a relative path leads through."""
    return [part for part in path.split("/") if part not in ("", ".")]


def _relative_problem(path: str) -> str | None:
    if _SCHEME.match(path):
        return "is of a kind that is not used: only https addresses and paths inside the course folder"
    plain = path
    for _ in range(3):  # %252e%252e%252f is ../ to whoever decodes it twice
        plain = unquote(plain)
        if "\\" in plain or "\x00" in plain:
            return "holds a backslash: write the path with /"
        if plain.startswith(("/", "~")):
            return "is absolute: write it relative to the course folder"
        if ".." in plain.split("/"):
            return "leads out of the course folder: remove .. from it"
    parts = path_parts(path)
    if not parts:
        return "names no file: write a path inside the course folder"
    return next(filter(None, map(_name_problem, parts)), None)


def _name_problem(part: str) -> str | None:
    if len(part.encode()) > LONGEST_NAME:
        return f"has a name of {len(part.encode()):,} bytes, at most {LONGEST_NAME} are allowed"
    if part.endswith((".", " ")) or _DEVICES.fullmatch(part):
        return "has a name that not every system can keep: rename the file"
    return None


def _address_problem(address: str) -> str | None:
    try:
        parts = urlsplit(address)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no address that can be read: write https://host/path"
    if "@" in parts.netloc:
        return "holds a user name or password: remove it"
    # Full-width digits and the like are the plain ones to whoever looks the name up.
    host = unicodedata.normalize("NFKC", host).lower().rstrip(".")
    return None if _is_public(host) else "does not name a public host: only addresses on the public web"


def _is_public(host: str) -> bool:
    """Whether this is a name, not a number, and no name of an inner network.

    A last label that starts with a digit makes the whole an IPv4 address to some readers (127.1, 0x7f.1).
    """
    try:
        ipaddress.ip_address(host)
    except ValueError:
        pass
    else:
        return False
    try:
        labels = host.encode("idna").decode().split(".")
    except UnicodeError:
        return False
    *others, last = labels
    return (
        bool(others)
        and all(_LABEL.fullmatch(label) for label in labels)
        and not last[0].isdigit()
        and last not in _PRIVATE
    )
