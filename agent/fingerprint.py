"""Fingerprint of what computes a decision: packages, interpreter, processor."""

import platform
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_PACKAGES = (
    "athanor",
    "torch",
    "botorch",
    "gpytorch",
    "linear-operator",
    "numpy",
    "scipy",
    "scikit-learn",
)


@cache
def fingerprint() -> dict[str, str]:
    """Package -> version, and `python`, `machine`, `processor`.

    Two decisions with equal fingerprints are required to be bit-equal.
    """
    found = {name: _version(name) for name in _PACKAGES}
    return {
        **found,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "processor": _processor(),
    }


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
