"""A page taken apart, as a reader sees it."""

from html.parser import HTMLParser

_INLINE = {"span", "b", "i", "small", "code", "button", "time", "text", "tspan"}
_VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """The words of a page by section, its elements, and its table."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.stack: list[str] = []
        self.sections: dict[str, str] = {"": ""}
        self.headline = ""
        self.rows: list[list[str]] = []
        self.row_classes: list[str] = []
        self.tips: list[str] = []
        self.unbalanced: list[str] = []
        self._section = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in _INLINE:
            self.sections[self._section] += " "
        if tag in _VOID:
            return
        self.stack.append(tag)
        if tag == "section":
            self._section = dict(attrs).get("id") or ""
            self.sections[self._section] = ""
        if tag == "tr":
            self.rows.append([])
            self.row_classes.append(dict(attrs).get("class") or "")
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag == "title" and "svg" in self.stack:
            self.tips.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.stack or self.stack.pop() != tag:
            self.unbalanced.append(tag)
        if tag == "section":
            self._section = ""

    def handle_data(self, data: str) -> None:
        if {"style", "script"} & set(self.stack):
            return
        if self.stack and self.stack[-1] == "title" and "svg" in self.stack:
            self.tips[-1] += data
            return
        self.sections[self._section] += data
        if "h1" in self.stack:
            self.headline += data
        if {"td", "th"} & set(self.stack):
            self.rows[-1][-1] += data

    def words(self, section: str | None = None) -> str:
        text = " ".join(self.sections.values()) if section is None else self.sections[section]
        return " ".join(text.split())

    @property
    def title(self) -> str:
        return " ".join(self.headline.split())

    def count(self, tag: str, class_: str) -> int:
        """Elements of the wide figures and lists; the narrow copy of a figure counts too."""
        return sum(
            found == tag and class_ in (attrs.get("class") or "").split()
            for found, attrs in self.elements
        )
