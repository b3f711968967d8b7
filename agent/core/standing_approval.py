"""Standing approvals: what a person permits beforehand, so many times, until then, within a region."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pydantic import AwareDatetime, Field

from agent.core.actor import Actor
from agent.core.campaign import Campaign
from agent.core.compositions import CompositionParameter
from agent.core.limits import Limit
from agent.core.parameters import (
    CategoricalParameter,
    ContinuousParameter,
    DiscreteParameter,
    IntegerParameter,
)
from agent.core.space import SearchSpace
from agent.core.trial import Setting
from agent.core.values import Scalar, Value, digest
from agent.errors import SpaceError

ANYWHERE = "all"
"""How a person says: whatever the campaign proposes."""

_CHANGED = "the space, an instrument or its limits have changed since"
_NUMBER = r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?"
_RANGE = re.compile(rf"^({_NUMBER})?\s*\.\.\s*({_NUMBER})?\s*(.*)$")
_ONE = re.compile(rf"^({_NUMBER})\s*(.*)$")
_LIKE = "write it like 'temperature 60..90, solvent DMF|DMSO', or 'all'"


class StandingApproval(Value):
    """A person permits `count` trials of a campaign, on its instruments, until then, each within `region`.

    A parameter that `region` does not name may be whatever the campaign proposes. `scope` is the hash of the
    space, the steps, their instruments' settings, what is measured and the operators' limits, all as they were:
    after a change of them it covers nothing. Append-only: what is left follows from the approvals that were given
    for it.
    """

    id: str
    campaign: str
    number: int = Field(ge=1)
    instruments: tuple[str, ...]
    region: dict[str, Limit]
    scope: str
    count: int = Field(ge=1)
    until: AwareDatetime
    by: Actor
    reasons: tuple[str, ...] = ()
    at: AwareDatetime

    @property
    def rule(self) -> Actor:
        """Who reviews in its name."""
        return Actor(kind="rule", name=f"standing approval {self.number}")

    def against(self, settings: Mapping[str, Setting], scope: str) -> tuple[str, ...]:
        """Why it does not cover a trial, a sentence each; empty if it does.

        Args:
            settings: What would be set, by all of its steps.
            scope: As the campaign, its instruments and their limits are now.
        """
        if scope != self.scope:
            return (_CHANGED,)
        missing = Setting(value="", unit="")
        return tuple(
            f"{name}: {reason}"
            for name, limit in self.region.items()
            if (reason := limit.against(settings.get(name, missing))) is not None
        )

    @property
    def where(self) -> str:
        """The region as a person reads it."""
        return ", ".join(f"{name} {limit}" for name, limit in self.region.items()) or "anywhere"


class Revocation(Value):
    """A person has taken a standing approval back. Append-only."""

    id: str
    campaign: str
    standing: str
    reason: str
    by: Actor
    at: AwareDatetime


class Cover(NamedTuple):
    """A standing approval, the trials that it has let through, and whether it was taken back."""

    given: StandingApproval
    used: int = 0
    revoked: Revocation | None = None

    @property
    def left(self) -> int:
        """How many more trials it lets through; not below 0."""
        return max(self.given.count - self.used, 0)

    def in_force(self, now: datetime) -> bool:
        """Whether it may let another trial through."""
        return self.revoked is None and self.left > 0 and now < self.given.until

    def told(self, scope: str | None) -> str:
        """As whoever looks at the campaign reads it.

        Args:
            scope: As the campaign, its instruments and their limits are now; None where that is not known.
        """
        one = self.given
        if scope not in {None, one.scope}:
            mend = "revoke it, and give another"
            return f"standing approval {one.number} ({one.by.name}): lets nothing through: {_CHANGED}: {mend}"
        what = f"standing approval {one.number}: {self.left} of {one.count} left until "
        return f"{what}{one.until:%Y-%m-%d %H:%M} UTC, {one.where} ({one.by.name})"


def covering(
    covers: Iterable[Cover], settings: Mapping[str, Setting], scope: str, now: datetime
) -> StandingApproval | None:
    """The first standing approval that lets a trial through; None if none does."""
    there = (one.given for one in covers if one.in_force(now))
    return next((one for one in there if not one.against(settings, scope)), None)


def scope_of(campaign: Campaign, hash_of: Callable[[str], str]) -> str:
    """Hash of what a standing approval rests on.

    Args:
        campaign: Its latest revision.
        hash_of: Hash of the operators' limits in force for an instrument.
    """
    objectives = {one.name: one.unit for one in campaign.objectives}
    where = [
        [step.name, step.parameters, step.objectives, step.repeatable]
        + [[one, hash_of(one.instrument)] for one in step.stations]
        for step in campaign.execution.order
    ]
    return digest([campaign.space, campaign.pools, objectives, where])


def region_of(text: str, space: SearchSpace) -> dict[str, Limit]:
    """The region that a person writes: `temperature 60..90, time 30 min, solvent DMF|DMSO`; `all` is everything.

    A number without a unit is in the campaign's unit of that parameter; with one it is converted.

    Raises:
        SpaceError: it cannot be read, names what is no number, choice or component of the space, or nothing
            of the space lies within it.
    """
    if text.strip() == ANYWHERE:
        return {}
    known, found = _known(space), dict[str, Limit]()
    for clause in (one.strip() for one in text.split(",")):
        name, _, told = clause.partition(" ")
        if name not in known or not told.strip():
            there = f"there is: {', '.join(known)}"
            raise SpaceError(f"'{clause}' is no part of a region", f"{_LIKE}; {there}")
        if name in found:
            raise SpaceError(f"{name} is named twice", _LIKE)
        unit, values = known[name]
        found[name] = _limit(name, told.strip(), unit, values)
    return found


def beyond(region: Mapping[str, Limit], limits: Mapping[str, Limit] | None) -> tuple[str, ...]:
    """Where a region is wider than what the operators allow, a sentence each.

    Args:
        region: The region.
        limits: Parameter -> their limit; None where they have none.
    """
    found = []
    for name, one in region.items():
        limit = (limits or {}).get(name)
        numbers = (end for end in (one.low, one.high) if end is not None)
        ends: tuple[Scalar, ...] = one.names or tuple(numbers)
        against = (limit.against(Setting(value=end, unit=one.unit)) for end in ends if limit)
        found += [f"{name}: {reason}" for reason in against if reason is not None]
    return tuple(found)


def _limit(name: str, told: str, unit: str, values: Sequence[Scalar]) -> Limit:
    if isinstance(values[0], str):
        names = tuple(one.strip() for one in told.split("|"))
        if odd := [one for one in names if one not in values]:
            raise SpaceError(f"{odd[0]!r} is no choice of {name}", f"there is: {_listed(values)}")
        return Limit(names=names)
    ranged, one = _RANGE.match(told), _ONE.match(told)
    if ranged is not None and (ranged[1] or ranged[2]):
        low, high, said = ranged[1], ranged[2], ranged[3]
    elif one is not None:
        low, high, said = one[1], one[1], one[2]
    else:
        raise SpaceError(f"'{told}' is no range of {name}", _LIKE)
    ends = [None if end is None else float(end) for end in (low, high)]
    if None not in ends and (ends[0] or 0.0) > (ends[1] or 0.0):
        raise SpaceError(f"{name}: {low} is above {high}", _LIKE)
    from agent.core.units import known  # noqa: PLC0415 - pint is heavy, and seldom needed here

    if not known(said.strip() or unit):
        raise SpaceError(f"'{told}' is no range of {name}: {said.strip()!r} is no unit", _LIKE)
    limit = Limit(low=ends[0], high=ends[1], unit=said.strip() or unit)
    if not _meets(limit, unit, [float(value) for value in values if not isinstance(value, str)]):
        space = f"{min(values):.12g} to {max(values):.12g} {unit}".rstrip()
        raise SpaceError(f"nothing of {name} ({space}) is {limit}", "mend the range or its unit")
    return limit


def _meets(limit: Limit, unit: str, values: Sequence[float]) -> bool:
    """Whether anything between the least and the greatest value lies within the limit."""
    read = [limit.reads(Setting(value=value, unit=unit)) for value in (min(values), max(values))]
    ends = [one for one in read if one is not None and not isinstance(one, str)]
    if len(ends) < len(read):
        return False  # a unit of another kind
    above = limit.low is None or max(ends) >= limit.low
    return above and (limit.high is None or min(ends) <= limit.high)


def _listed(values: Sequence[Scalar]) -> str:
    return ", ".join(map(str, values))


def _known(space: SearchSpace) -> dict[str, tuple[str, tuple[Scalar, ...]]]:
    """Column -> its unit, and its choices or the ends of its range."""
    found: dict[str, tuple[str, tuple[Scalar, ...]]] = {}
    for one in space.parameters:
        match one:
            case ContinuousParameter():
                found[one.name] = (one.unit, (one.low, one.high))
            case DiscreteParameter() | IntegerParameter():
                found[one.name] = (one.unit, (min(one.values), max(one.values)))
            case CategoricalParameter():
                found[one.name] = ("", one.choices)
            case CompositionParameter():
                for part in one.components:
                    found[part.name] = (one.unit, (part.low, one.high(part)))
    return found
