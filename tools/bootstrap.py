"""Can this Python make Athanor's environment? If not, prints one plain line: what to do.

Written for any Python 3 (tried on 3.6), because an old one is what it has to report: standard
library only, no newer syntax. The Makefile calls it before it makes ``.venv``; exit status 1 means
that something is in the way.
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from importlib.util import find_spec

OLDEST = (3, 11)
NEWEST_WITH_CHGNET_WHEEL = (3, 12)
GOOD_NAMES = ("python3.12", "python3.11", "python3.13")


def problem(
    version: tuple, missing: list, platform_name: str, can_compile: bool, others: tuple = ()
) -> str:
    """Say in one line what is in the way; an empty text means that the environment can be made.

    Args:
        version: the interpreter's version, at least (major, minor).
        missing: those of the modules ``venv`` and ``ensurepip`` that this Python lacks.
        platform_name: operating system and processor, such as ``"Linux x86_64"``.
        can_compile: whether a C compiler and Python's headers are here.
        others: commands on this machine that start a Python which is new enough.
    """
    if tuple(version[:2]) < OLDEST:
        cure = "Name the newer one that is here" if others else "Install one, then name it"
        return "Python {} is too old: Athanor needs 3.11 or newer. {}: make demo PYTHON={}".format(
            _dotted(version), cure, others[0] if others else GOOD_NAMES[0]
        )
    if missing:
        return (
            "This Python {} cannot make an environment: it lacks {}. "
            "On Debian or Ubuntu: apt install python3-venv".format(
                _dotted(version), " and ".join(missing)
            )
        )
    if not can_compile and not _has_chgnet_wheel(version, platform_name):
        return (
            "chgnet has no ready wheel for Python {} on {}, and no C compiler with its headers "
            "is here to build it. On Debian or Ubuntu: apt install gcc python3-dev; elsewhere name "
            "another Python: make demo PYTHON=python3.12".format(_dotted(version), platform_name)
        )
    return ""


def _dotted(version: tuple) -> str:
    return ".".join(str(part) for part in version[:2])


def _has_chgnet_wheel(version: tuple, platform_name: str) -> bool:
    on_arm_linux = platform_name.startswith("Linux") and not platform_name.endswith("x86_64")
    return tuple(version[:2]) <= NEWEST_WITH_CHGNET_WHEEL and not on_arm_linux


def _starts(command: str) -> bool:
    path = shutil.which(command)
    return path is not None and subprocess.call([path, "-c", ""], stderr=subprocess.DEVNULL) == 0


def main() -> int:
    """Look at this Python and this machine; print what is in the way and return the exit status."""
    headers = os.path.join(sysconfig.get_paths()["include"], "Python.h")
    line = problem(
        version=sys.version_info[:3],
        missing=[name for name in ("venv", "ensurepip") if find_spec(name) is None],
        platform_name="{} {}".format(platform.system(), platform.machine()),
        can_compile=bool(shutil.which("cc") or shutil.which("gcc")) and os.path.exists(headers),
        others=tuple(name for name in GOOD_NAMES if _starts(name)),
    )
    if line:
        print(line, file=sys.stderr)
    return 1 if line else 0


if __name__ == "__main__":
    sys.exit(main())
