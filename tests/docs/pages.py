"""The pages as their readers have them: blocks, commands, links.

A fence's second word is a file: `yaml anneal.yaml` is what a reader saves under that name, beside
everything else that the page names, before the page's commands are run in order.
"""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).resolve().parents[2]
PAGES = tuple(sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]))
GUIDE = ROOT / "docs" / "guide.md"

_FENCE = re.compile(r"^( *)```([^\n`]*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!`)\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: where it begins, its language, the file that it is saved as, and its text."""

    page: Path
    line: int
    language: str
    file: str
    text: str

    def __str__(self) -> str:
        return f"{named(self.page)}:{self.line}"


@dataclass(frozen=True)
class Command:
    """One line of a `sh` block, without its comment, and the exit code that the comment tells."""

    block: Block
    text: str
    code: int | None

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, *languages: str) -> list[Block]:
    """The page's blocks in one of `languages`, in order."""
    return [one for one in _blocks(page) if one.language in languages or not languages]


def _blocks(page: Path) -> Iterator[Block]:
    text = page.read_text()
    for found in _FENCE.finditer(text):
        language, _, file = found[2].strip().partition(" ")
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page, line, language, file.strip(), dedent(found[3]))


def commands(page: Path) -> list[Command]:
    """The page's commands, in order."""
    return [
        _command(block, line)
        for block in blocks(page, "sh")
        for line in block.text.replace("\\\n", " ").splitlines()
        if line.strip() and not line.startswith("#")
    ]


def _command(block: Block, line: str) -> Command:
    text, _, comment = re.sub(r"\s{2,}#\s", "\0", line, count=1).partition("\0")
    told = re.search(r"\bcode (\d+)", comment)
    return Command(block, text.strip(), int(told[1]) if told else None)


def prose(page: Path) -> str:
    """The page without its blocks."""
    return _FENCE.sub("", page.read_text())


def links(page: Path) -> list[str]:
    """Where the page's links point to, but for those that leave the repository."""
    return [link for link in _LINK.findall(prose(page)) if not re.match(r"[a-z]+:", link)]


def anchors(page: Path) -> set[str]:
    """The anchors of the page's headings."""
    headings = (re.sub(r"[^\w\- ]", "", text.lower()) for text in _HEADING.findall(prose(page)))
    return {heading.strip().replace(" ", "-") for heading in headings}


def save(page: Path, folder: Path) -> None:
    """Save what a page names into `folder`."""
    for block in blocks(page):
        if block.file:
            (folder / block.file).write_text(block.text)
