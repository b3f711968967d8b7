"""Fingerprint of what computes a decision: packages, our own code, interpreter, processor."""

import hashlib
import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ROOMS = ("core", "learn", "decide")
_PACKAGES = (
    "athanor",
    "torch",
    "botorch",
    "gpytorch",
    "linear-operator",
    "numpy",
    "scipy",
    "scikit-learn",
    "ax-platform",
)


@cache
def fingerprint() -> dict[str, str]:
    """Package -> version, and `code`, `python`, `machine`, `processor`.

    Two decisions with equal fingerprints are required to be bit-equal.
    """
    found = {name: _version(name) for name in _PACKAGES}
    return {
        **found,
        "code": _code(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": _processor(),
    }


def _code() -> str:
    """Hash of the modules that a decision is made of: two versions in the making differ in it."""
    here = Path(__file__).parent
    files = sorted(path for folder in _ROOMS for path in (here / folder).rglob("*.py"))
    total = hashlib.sha256()
    for path in files:
        total.update(str(path.relative_to(here)).encode() + b"\0" + path.read_bytes())
    return total.hexdigest()[:12]


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), ""
    )
