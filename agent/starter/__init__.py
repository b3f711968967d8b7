"""A package to start from: an adapter of one's own, complete, with a simulated device to be replaced."""

import re
from collections.abc import Collection
from datetime import date
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from agent.errors import AdapterError

_NAME = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
_LONGEST = 30

FILES = {
    "pyproject.toml.jinja": "pyproject.toml",
    "README.md.jinja": "README.md",
    "init.py.jinja": "{module}/__init__.py",
    "adapter.py.jinja": "{module}/adapter.py",
    "device.py.jinja": "{module}/device.py",
    "typed.jinja": "{module}/py.typed",
    "test.py.jinja": "tests/test_{short}.py",
    "harmless.yaml.jinja": "harmless.yaml",
    "operators.yaml.jinja": "operators.yaml",
    "campaign.yaml.jinja": "campaign.yaml",
    "ignore.jinja": "lab/.gitignore",
}
"""Template -> the file that it becomes."""


class Made(NamedTuple):
    """What was made: where, the name of its module, and its files."""

    folder: Path
    module: str
    files: tuple[str, ...]


def start(
    name: str, to: Path | None = None, taken: Collection[str] = (), at: date | None = None
) -> Made:
    """Make a package for the adapter `name`, in the folder `to` (default: `athanor-NAME`, here).

    Args:
        name: What campaigns will call the adapter.
        to: Where; an existing folder must be empty.
        taken: Names that adapters have already.
        at: The day on which it is made; default: one that is past.

    Raises:
        AdapterError: the name cannot be used, or something is there already.
    """
    if not _NAME.fullmatch(name) or len(name) > _LONGEST:
        raise AdapterError(
            f"{name!r} is no name for an adapter",
            f"small letters, digits, and - or _ between them, at most {_LONGEST}: uv-cell",
        )
    if name in taken:
        raise AdapterError(f"there is an adapter {name!r} already", "athanor adapter list")
    folder = to or Path(f"athanor-{name.replace('_', '-')}")
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise AdapterError(
            f"{folder} is there already, and is left as it is", "--to another folder"
        )
    short = name.replace("-", "_")
    words = {
        "name": name,
        "short": short,
        "module": f"athanor_{short}",
        "cls": "".join(part.capitalize() for part in short.split("_")),
        "at": f"{at or date(2026, 1, 1)}",
    }
    files = tuple(place.format(**words) for place in FILES.values())
    for template, place in zip(FILES, files, strict=True):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(_environment().get_template(template).render(words), encoding="utf-8")
    return Made(folder, words["module"], files)


def _environment() -> Environment:
    return Environment(  # noqa: S701 - Python and YAML are made, of a name that was checked; no HTML
        loader=PackageLoader("agent.starter", "files"),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
