"""A list as plain lines, one item each, and back. An item of several lines goes on after the mark ↳.

The page's script shows one input per item over these lines; without it a person edits the lines themselves.
"""

from courses.admin.lines import lines_of

MARK = "↳"


def lines_from(items: list[str]) -> str:
    """The items as lines; "a\\nb" becomes "a" and "↳ b". An item that begins with the mark gets it twice."""
    return "\n".join(line for item in items if item.strip() for line in _item_lines(item))


def items_from(text: str) -> list[str]:
    """The items that say something, each without blanks around it."""
    items: list[str] = []
    for line in map(str.lstrip, lines_of(text)):
        goes_on = line.startswith(MARK) and not line.startswith(MARK * 2)
        if goes_on and items:
            items[-1] += "\n" + line.removeprefix(MARK).removeprefix(" ")
        elif line:
            items.append(line.removeprefix(MARK))
    return [item.strip() for item in items if item.strip()]


def _item_lines(item: str) -> list[str]:
    first, *others = lines_of(item)
    return [MARK + first if first.startswith(MARK) else first, *(f"{MARK} {line}" for line in others)]
