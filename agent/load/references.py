"""`${NAME}`: what stands in the environment.

In file paths it is filled in at load; elsewhere only by whoever uses it, so that no secret is kept.
"""

import re
from collections.abc import Mapping
from pathlib import Path

from agent.load.faults import Findings, Loc

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_WRONG = re.compile(r"\$\{[^}]*\}?")


def refers(text: str) -> bool:
    """Whether `text` holds a reference."""
    return _REFERENCE.search(text) is not None


def wrong_in(text: str) -> str | None:
    """What looks like a reference and is none; None if there is no such thing."""
    wrong = _WRONG.search(_REFERENCE.sub("", text))
    return wrong[0] if wrong else None


def checked(findings: Findings, loc: Loc, text: str) -> bool:
    """Whether every reference in `text` is written right; each that is not is a fault."""
    wrong = wrong_in(text)
    if wrong is not None:
        what = f"{wrong!r} is no reference to the environment"
        findings.fault(loc, what, "write ${NAME}: letters, digits and underscores")
    return wrong is None


def located(
    findings: Findings, loc: Loc, text: str, folder: Path, environ: Mapping[str, str]
) -> Path | None:
    """The absolute path that `text` means, seen from `folder`; None, with the fault, if none."""
    if not checked(findings, loc, text):
        return None
    unset = [name for name in _REFERENCE.findall(text) if not environ.get(name)]
    if unset:
        what = f"the environment variable {unset[0]} is not set"
        mend = f"set it to the folder of the data: export {unset[0]}=/path/to/data"
        findings.fault(loc, what, mend)
        return None
    filled = _REFERENCE.sub(lambda match: environ[match[1]], text)
    try:
        path = Path(filled).expanduser()
        absolute = Path(folder, path).resolve()
        absolute.exists()  # raises for a name that is too long
    except (OSError, RuntimeError, ValueError) as error:
        findings.fault(
            loc,
            f"{text[:80]!r} is no path: {getattr(error, 'strerror', None) or error}",
            "give the path of a file",
        )
        return None
    return absolute


def existing_file(findings: Findings, loc: Loc, path: Path) -> bool:
    """Whether `path` is a file; a fault, with the files near it, if not."""
    try:
        if path.is_file():
            return True
        beside = sorted(p.name for p in path.parent.iterdir() if p.suffix == path.suffix)[:6]
    except (OSError, ValueError):
        beside = []
    what = "is a folder, not a file" if path.is_dir() else "does not exist"
    mend = f"beside it are {', '.join(beside)}" if beside else "paths start at the campaign file"
    findings.fault(loc, f"the file {path} {what}", mend)
    return False
