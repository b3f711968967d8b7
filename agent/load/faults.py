"""Where a fault is: the parsed document with its lines, and the list that every check adds to."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.errors import Fault

Loc = tuple[str | int, ...]
"""A place in a document: keys, and positions in lists."""


@dataclass(frozen=True)
class Document:
    """A parsed file: text, plain data, and for each place its line and how it is written."""

    source: str
    data: Any
    lines: Mapping[Loc, int] = field(default_factory=dict)
    written: Mapping[Loc, str] = field(default_factory=dict)

    def at(self, loc: Loc) -> object:
        """What stands at `loc`; None if nothing does."""
        here = self.data
        for step in loc:
            if not has(here, step):
                return None
            here = here[step]
        return here

    def line(self, loc: Loc) -> int | None:
        """The line of `loc`, or of the nearest place around it that is not the whole file."""
        around = (self.lines[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in self.lines)
        return next(around, None)

    def path(self, loc: Loc) -> str:
        """`parameters.temperature.high (line 7)`: names instead of positions, where there are."""
        text = ""
        for n, step in enumerate(loc):
            name = self._name(loc[:n], step) if isinstance(step, int) else step
            text += f"[{step}]" if name is None else f".{name}"
        text = text.removeprefix(".") or "the file"
        line = self.line(loc)
        return text if line is None else f"{text} (line {line})"

    def _name(self, around: Loc, position: int) -> str | None:
        siblings = self.at(around)
        if not isinstance(siblings, list):
            return None
        names = [item.get("name") if isinstance(item, dict) else None for item in siblings]
        name = names[position] if position < len(names) else None
        return name if isinstance(name, str) and name and names.count(name) == 1 else None


def has(value: object, step: str | int) -> bool:
    """Whether `value` is a block that has the key, or a list that has the position."""
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


class Findings:
    """The faults and warnings of one document. The first fault at a place hides later ones there.

    Args:
        document: what the places belong to.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self._faults: dict[Loc, Fault] = {}
        self._warnings: list[str] = []

    def fault(self, loc: Loc, what: str, mend: str = "") -> None:
        """Something that must be mended."""
        self._faults.setdefault(loc, Fault(self.document.path(loc), what, mend))

    def unknown(self, loc: Loc, key: object, known: Iterable[object]) -> None:
        """A key that there is not. What was wrong with its value, or beneath it, says nothing then."""
        self._faults = {at: one for at, one in self._faults.items() if at[: len(loc)] != loc}
        self.fault(loc, f"there is no key {key!r} here", did_you_mean(key, known, "the keys are"))

    def warn(self, loc: Loc, what: str, mend: str = "") -> None:
        """Something that may be meant, but that a person should know."""
        self._warnings.append(str(Fault(self.document.path(loc), what, mend)))

    def warn_as(self, other: "Findings") -> None:
        """The warnings of another, here too."""
        self._warnings += other.warnings

    def clean(self, loc: Loc = ()) -> bool:
        """Whether nothing at `loc`, or beneath it, is at fault."""
        return all(place[: len(loc)] != loc for place in self._faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Every fault, in the order of the file."""
        order = {loc: n for n, loc in enumerate(self.document.lines)}

        def rank(loc: Loc) -> int:
            around = (order[loc[:n]] for n in range(len(loc), 0, -1) if loc[:n] in order)
            return next(around, len(order))

        return tuple(self._faults[loc] for loc in sorted(self._faults, key=rank))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Every warning."""
        return tuple(dict.fromkeys(self._warnings))


def did_you_mean(word: object, known: Iterable[object], otherwise: str = "there are") -> str:
    """`did you mean 'high'?`, or what there is if nothing is near."""
    names = [str(name) for name in known]
    folded = {name.casefold(): name for name in reversed(names)}
    near = difflib.get_close_matches(str(word).casefold(), list(folded), 1, 0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"{otherwise} {listed(names)}" if names else ""


def listed(names: Iterable[object], most: int = 12) -> str:
    """The names in a sentence, cut after `most`."""
    shown = [str(name) for name in names]
    return ", ".join(shown[:most]) + (f", … ({len(shown)} in all)" if len(shown) > most else "")
