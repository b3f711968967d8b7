"""The operators' file as a value: what people who answer for the instruments allow, and know of them."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Annotated, Any

from pydantic import Field, model_validator

from agent.core.failures import FailureLine
from agent.core.hazards import Rule
from agent.core.hours import Hours
from agent.core.instrument import Standard
from agent.core.limits import Limit
from agent.core.stock import ITEM, Need, Stock
from agent.core.trial import Plan
from agent.core.turns import Share
from agent.core.values import Point, Value, canonical, digest

_UNBOUND = {"failures", "stocks", "hours", "standard", "share", "contact"}
"""What is learnt, when and in whose turn something is sent, and when the instrument is released: not what is sent."""


class Signature(Value):
    """By whom, and when, limits and rules were signed; `seal` is the beginning of the hash of them."""

    by: str = Field(min_length=1, description="who answers for the limits and rules")
    at: date = Field(description="when they were signed: '2026-03-01'")
    seal: str | None = Field(
        default=None,
        pattern=r"^[0-9a-f]{8,64}$",
        description="what `athanor check --operators` says of what is signed: 8 digits or more",
    )

    def __str__(self) -> str:
        """By whom and when."""
        return f"{self.by}, {self.at:%Y-%m-%d}"


class InstrumentRules(Value):
    """What the operators say of one instrument. Without `limits`, nothing physical is sent to it.

    A campaign names its instrument itself; `settings` are those of the adapter that it must then
    have, so that another one is not reached under this name. `failures` say what its failures mean;
    the first line that fits counts. `stocks` say what an experiment uses up, `hours` when nothing is sent, or
    only by some campaigns; `standard` what it must read before a hold that asks for it ends; `share` which
    of the campaigns that want it is next, and `contact` whom to call when it needs a person.
    """

    limits: dict[str, Limit] | None = Field(
        default=None, description="parameter -> what it may be set to; no other may be set"
    )
    rules: tuple[Rule, ...] = Field(default=(), description="what must hold of settings together")
    settings: dict[str, Any] = Field(
        default_factory=dict,
        description="execution settings that a campaign must have here, as its address",
    )
    failures: tuple[FailureLine, ...] = Field(
        default=(), description="what its failures mean; the first line that fits counts"
    )
    stocks: dict[Annotated[str, Field(pattern=ITEM)], Stock] = Field(
        default_factory=dict, description="item -> what an experiment uses of it"
    )
    hours: tuple[Hours, ...] = Field(
        default=(), description="when nothing is sent, or only by some campaigns"
    )
    standard: Standard | None = Field(
        default=None, description="what it must read before a hold that asks for it ends"
    )
    share: Share | None = Field(
        default=None,
        description="which of the campaigns that want it is next; without it, who comes first",
    )
    contact: str = Field(
        default="",
        max_length=200,
        description="who is called when it needs a person: Ben Ito, 4711",
    )
    signed: Signature | None = Field(
        default=None, description="by whom and when limits and rules were signed"
    )

    @model_validator(mode="after")
    def _sane(self) -> "InstrumentRules":
        if (self.rules or self.settings) and self.limits is None:
            raise ValueError("rules and settings need limits: nothing is sent without")
        if (self.limits is None) is not (self.signed is None):
            raise ValueError("limits must be signed, and nothing else is: signed: {by: …, at: …}")
        for item, stock in self.stocks.items():
            if missing := sorted(stock.names - (self.limits or {}).keys()):
                raise ValueError(f"{item}: {', '.join(missing)} has no limit, which has its unit")
        return self

    @property
    def seal(self) -> str:
        """Hash of what is signed: limits, rules and settings."""
        return digest([self.limits, self.rules, self.settings])

    @property
    def binding(self) -> Any:
        """What an approval binds of it. What does not bear on what is sent is not."""
        return self.model_dump(mode="json", exclude=_UNBOUND)

    def needs(self, plan: Plan) -> tuple[Need, ...]:
        """What sending `plan` uses of each item."""
        settings = _settings(plan, self.limits or {})
        return tuple(Need(item, one.of(settings), one.unit) for item, one in self.stocks.items())

    def reasons(self, plan: Plan) -> tuple[str, ...]:
        """Why `plan` may not be sent, a sentence each; empty if it may."""
        if self.limits is None:
            return ()
        elsewhere = self._elsewhere(plan)
        return (*elsewhere, *self._beyond(plan, self.limits), *self._broken(plan, self.limits))

    def _elsewhere(self, plan: Plan) -> Iterator[str]:
        for name, value in self.settings.items():
            given = plan.instrument_settings.get(name)
            if canonical(given) != canonical(value):
                yield f"{plan.instrument} has the setting {name}: {value}, and not {given}"

    def _beyond(self, plan: Plan, limits: Mapping[str, Limit]) -> Iterator[str]:
        for name, setting in plan.parameters.items():
            limit = limits.get(name)
            if limit is None:
                yield f"{name} has no limit for {plan.instrument} in the operators' file"
            elif (reason := limit.against(setting)) is not None:
                yield f"{name}: {reason}"

    def _broken(self, plan: Plan, limits: Mapping[str, Limit]) -> Iterator[str]:
        settings = _settings(plan, limits)
        odd = plan.parameters.keys() - settings.keys()
        for rule in self.rules:
            missing = rule.speaks_of - settings.keys()
            if missing & odd:
                continue  # said already: a setting that cannot be read is a reason by itself
            if missing:
                names = ", ".join(sorted(missing))
                yield f"{rule.name}: {names} is not set, and `unset` does not say what it is then"
            elif not rule.kept(settings):
                yield f"{rule.name}: {rule.reason} ({rule})"


class InForce(Value):
    """What the operators say of an instrument now. `hash`, which every approval binds, is the sha256 of
    `document`, what is bound as canonical JSON; both are "" where they say nothing.
    """

    hash: str = ""
    document: str = ""
    rules: InstrumentRules = InstrumentRules()


NOTHING_SAID = InForce()
"""Of an instrument that the operators do not speak of."""


def _settings(plan: Plan, limits: Mapping[str, Limit]) -> Point:
    """The plan's settings in the units of the limits; what it does not set is as `unset` says."""
    found: Point = {}
    for name, limit in limits.items():
        given = plan.parameters.get(name)
        value = limit.unset if given is None else limit.reads(given)
        if value is not None:
            found[name] = value
    return found


class Operators(Value):
    """What the operators' file says.

    `adapters` and `models` are the allow-lists of dotted names: name -> `module:Class` of an
    adapter, `module:attribute` of a pretrained model. `unattended` names the physical instruments
    that campaigns may use without a review. `instruments` has limits, rules, failures, stocks and hours of each.
    """

    adapters: dict[str, str] = Field(
        default_factory=dict, description="adapter's name -> module:Class"
    )
    models: dict[str, str] = Field(
        default_factory=dict, description="pretrained model's name -> module:attribute"
    )
    unattended: frozenset[str] = Field(
        default=frozenset(), description="physical instruments that may be used without a review"
    )
    instruments: dict[str, InstrumentRules] = Field(
        default_factory=dict,
        description="instrument -> its limits, rules, failures, stocks and hours",
    )

    def in_force(self, instrument: str) -> InForce:
        """What holds for an instrument. What the file says of others does not change its hash."""
        binding: dict[str, Any] = {}
        if self.adapters or self.unattended:
            binding = {"adapters": self.adapters, "unattended": sorted(self.unattended)}
        rules = self.instruments.get(instrument, InstrumentRules())
        if rules.limits is not None:
            binding["limits"] = rules.binding
        if not binding:
            return InForce(rules=rules)
        return InForce(hash=digest(binding), document=canonical(binding), rules=rules)
