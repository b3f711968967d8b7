"""Python and the packages: are they such as are known to work together?"""

from collections.abc import Callable, Iterable, Iterator

from packaging.requirements import Requirement
from packaging.version import Version

from agent.doctor.finding import Finding, fault, note, ok

_FOR_PEOPLE = ("ax", "oracles", "postgres", "sila")
"""Extras that campaigns ask for; the others are for those who develop."""


def packages(
    python: str, needed: str, requirements: Iterable[str], version: Callable[[str], str | None]
) -> Iterator[Finding]:
    """What is to be said of this Python and its packages.

    Args:
        python: Its version.
        needed: Which versions of Python will do.
        requirements: What the program asks for, as its metadata has it.
        version: The version of an installed package; None if it is not there.
    """
    if Requirement(f"python{needed}").specifier.contains(python, prereleases=True):
        yield ok("python", python)
    else:
        yield fault("python", f"{python} is not {needed}", "make an environment with such a one")
    asked = [Requirement(line) for line in requirements]
    base = [one for one in asked if _applies(one, "")]
    wrong = [one for one in (_misfit(one, version) for one in base) if one]
    yield from wrong
    if not wrong:
        yield ok("packages", f"{len(base)} are of versions that are known to work together")
    for extra in _FOR_PEOPLE:
        yield from _extra(
            extra, [one for one in asked if _applies(one, extra) and one not in base], version
        )


def _applies(one: Requirement, extra: str) -> bool:
    return one.marker is None or one.marker.evaluate({"extra": extra})


def _misfit(one: Requirement, version: Callable[[str], str | None]) -> Finding | None:
    found, mend = version(one.name), f"pip install '{one.name}{one.specifier}'"
    if found is None:
        return fault("packages", f"{one.name} is not installed", mend)
    if one.specifier.contains(Version(found), prereleases=True):
        return None
    return fault("packages", f"{one.name} {found} is not {one.specifier}", mend)


def _extra(
    name: str, asked: list[Requirement], version: Callable[[str], str | None]
) -> Iterator[Finding]:
    if not asked:
        return
    missing = [one.name for one in asked if version(one.name) is None]
    if missing:
        told = f"extra {name}: {', '.join(missing)} not installed"
        yield note("packages", told, f"if it is wanted: pip install 'athanor[{name}]'")
        return
    wrong = [one for one in (_misfit(one, version) for one in asked) if one]
    yield from wrong
    if not wrong:
        yield ok("packages", f"extra {name}")
