"""HTML as a browser would read it."""

from html.parser import HTMLParser

OUR_TAGS = {"section", "h3", "p", "ul", "li", "dl", "dt", "dd"}
OUR_ATTRIBUTES = {"class", "data-key", "dir"}


class Page(HTMLParser):
    """What a browser would make of the HTML: tags, attributes, and the texts of each element."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.texts: dict[str, list[str]] = {}
        self._open: list[str] = []
        self.feed(source)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]][-1] += data
