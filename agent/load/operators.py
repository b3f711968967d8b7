"""The operators' file -> its value; every fault is told at once, with its place and the mend."""

from collections.abc import Mapping, Sequence
from math import inf
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from agent.core import expressions
from agent.core.failures import FailureLine
from agent.core.hazards import Rule
from agent.core.hours import Hours
from agent.core.instrument import Standard
from agent.core.limits import Limit
from agent.core.operators import InstrumentRules, Operators, Signature
from agent.core.stock import Stock
from agent.core.turns import Share
from agent.errors import CampaignError, OperatorsError
from agent.load import reading, rules, shape, stocks, units
from agent.load.faults import Findings, Loc, did_you_mean
from agent.load.space import Columns, Known

M = TypeVar("M", bound=BaseModel)

_INSTRUMENTS = "instruments"
_START = "`instruments:`, as docs/operators.md shows it"
_LONGEST_CONTACT = 200
_SIGNED = "signed: {by: the one who answers for them, at: '2026-03-01'}"


def read_operators(path: str | Path) -> tuple[Operators, tuple[str, ...]]:
    """The operators' file at `path`, and what a person should know of it.

    Raises:
        OperatorsError: it cannot be used; `faults` lists everything that is wrong with it.
    """
    about = f"the operators' file {path} cannot be used"
    try:
        document, findings = reading.document(Path(path), _START)
    except CampaignError as error:
        why = "" if error.faults else f": {error.message}"
        raise OperatorsError(about + why, "see docs/operators.md", error.faults) from error
    data: dict[str, Any] = document.data
    for key in data.keys() - Operators.model_fields.keys():
        findings.unknown((key,), key, Operators.model_fields)
    allowed = {key: data[key] for key in data if key in Operators.model_fields}
    written = allowed.pop(_INSTRUMENTS, {})
    found = _sound(findings, (), Operators, allowed)
    instruments = {
        name: _instrument(findings, (_INSTRUMENTS, name), block)
        for name, block in _block(findings, (_INSTRUMENTS,), written).items()
    }
    _check_dotted(findings, allowed)
    if findings.faults or found is None:
        count = len(findings.faults)
        faults = findings.faults
        raise OperatorsError(f"{about}: {count} fault{'s' if count > 1 else ''}", faults=faults)
    whole = {name: rules for name, rules in instruments.items() if rules is not None}
    _warn(findings, found, whole)
    return found.model_copy(update={_INSTRUMENTS: whole}), findings.warnings


def _sound(findings: Findings, loc: Loc, model: type[M], given: object) -> M | None:
    """What stands at `loc`, as a model; None, with every fault noted, if it is none."""
    try:
        return model.model_validate(given)
    except ValidationError as error:
        shape.note_all(findings, loc, error, model)
    return None


def _block(findings: Findings, loc: Loc, given: object) -> dict[str, Any]:
    if isinstance(given, dict):
        return given
    what = "it is empty" if given is None else "it is not a block of `key: value` lines"
    findings.fault(loc, what, "")
    return {}


def _list(findings: Findings, loc: Loc, given: object) -> list[Any]:
    if isinstance(given, list):
        return given
    findings.fault(loc, "it is not a list", f"start each of the {loc[-1]} with '- '")
    return []


def _several(
    findings: Findings, loc: Loc, block: Mapping[str, Any], key: str, model: type[M]
) -> list[M | None]:
    """The list under `key` as models; empty where it is not there."""
    written = _list(findings, (*loc, key), block.get(key, []))
    return [_sound(findings, (*loc, key, n), model, one) for n, one in enumerate(written)]


def _single(
    findings: Findings, loc: Loc, block: Mapping[str, Any], key: str, model: type[M]
) -> M | None:
    """What stands under `key`, as a model; None where it is not there."""
    return _sound(findings, (*loc, key), model, block[key]) if key in block else None


def _instrument(findings: Findings, loc: Loc, given: object) -> InstrumentRules | None:
    block = _block(findings, loc, given)
    for key in block.keys() - InstrumentRules.model_fields.keys():
        findings.unknown((*loc, key), key, InstrumentRules.model_fields)
    written = _block(findings, (*loc, "limits"), block["limits"]) if "limits" in block else {}
    limits = {
        name: _sound(findings, (*loc, "limits", name), Limit, one) for name, one in written.items()
    }
    ruled = _several(findings, loc, block, "rules", Rule)
    failures = _several(findings, loc, block, "failures", FailureLine)
    hours = _several(findings, loc, block, "hours", Hours)
    signed = _single(findings, loc, block, "signed", Signature)
    standard = _single(findings, loc, block, "standard", Standard)
    share = _single(findings, loc, block, "share", Share)
    settings = _block(findings, (*loc, "settings"), block.get("settings", {}))
    contact = block.get("contact", "")
    if not isinstance(contact, str) or len(contact) > _LONGEST_CONTACT:
        findings.fault((*loc, "contact"), "it is no short text", "write it like: 'Ben Ito, 4711'")
        contact = ""
    used = {
        name: _sound(findings, (*loc, "stocks", name), Stock, one)
        for name, one in _block(findings, (*loc, "stocks"), block.get("stocks", {})).items()
    }
    for name, limit in limits.items():
        _check_unit(findings, (*loc, "limits", name, "unit"), limit.unit if limit else "", name)
    if standard is not None:
        _check_unit(findings, (*loc, "standard", "unit"), standard.unit, standard.name)
    columns: Columns = {name: _known(limit) for name, limit in limits.items()}
    _check_rules(findings, loc, ruled, limits, columns)
    _check_reached(findings, (*loc, "failures"), failures)
    stocks.check(findings, (*loc, "stocks"), used, columns)
    _check_whole(findings, loc, block)
    if not findings.clean(loc):
        return None
    made = InstrumentRules(
        limits={name: one for name, one in limits.items() if one} if "limits" in block else None,
        rules=tuple(one for one in ruled if one),
        settings=settings,
        failures=tuple(one for one in failures if one),
        hours=tuple(one for one in hours if one),
        standard=standard,
        contact=contact,
        share=share,
        stocks={name: one for name, one in used.items() if one},
        signed=signed,
    )
    if signed and signed.seal and not made.seal.startswith(signed.seal):
        what = "what was signed has changed since"
        mend = f"look it over, and sign it anew: seal: '{made.seal[:12]}'"
        findings.fault((*loc, "signed", "seal"), what, mend)
    return made


def _check_whole(findings: Findings, loc: Loc, block: Mapping[str, Any]) -> None:
    if "limits" in block and "signed" not in block:
        findings.fault((*loc, "signed"), "the limits are not signed", _SIGNED)
    if "limits" not in block and block.keys() & {"rules", "settings", "signed"}:
        what = "there are no limits, so nothing is sent there, and rules have no units"
        findings.fault(
            (*loc, "limits"), what, "limits: {temperature: {low: 20, high: 80, unit: degC}}"
        )
    if not block:
        findings.fault(
            loc,
            "nothing is said of it",
            "give limits, failures, stocks, hours, a standard or a share",
        )


def _check_unit(findings: Findings, loc: Loc, unit: str, name: str) -> None:
    odd = units.oddity(unit, name) if unit else None
    if odd is not None:
        note = findings.fault if odd.fatal else findings.warn
        note(loc, odd.what, odd.mend)


def _check_rules(
    findings: Findings,
    loc: Loc,
    ruled: Sequence[Rule | None],
    limits: Mapping[str, Limit | None],
    columns: Columns,
) -> None:
    names = ["" if rule is None else rule.name for rule in ruled]
    for n, rule in enumerate(ruled):
        at: Loc = (*loc, "rules", n)
        if rule is None:
            continue
        if rule.name in names[:n]:
            what = f"another rule is called {rule.name!r}"
            findings.fault((*at, "name"), what, "give each a name of its own")
        if rule.expression is not None:
            place = (*at, "holds" if rule.holds is not None else "never")
            rules.check_comparison(findings, place, expressions.parse(rule.expression), columns)
        _check_groups(findings, (*at, "apart"), rule.apart or (), limits)


def _check_groups(
    findings: Findings,
    loc: Loc,
    groups: Sequence[Sequence[str]],
    limits: Mapping[str, Limit | None],
) -> None:
    """A name that nothing can be set to is a slip, unless something may be set to anything."""
    sound = [limit for limit in limits.values() if limit is not None]
    if len(sound) < len(limits) or any(limit.unlimited for limit in sound):
        return
    there = {*limits, *(name for limit in sound for name in limit.names or ())}
    for n, group in enumerate(groups):
        for m, name in enumerate(group):
            if name not in there:
                what = f"{name!r} is no parameter, and no parameter can be set to it"
                findings.fault((*loc, n, m), what, did_you_mean(name, there))


def _known(limit: Limit | None) -> Known:
    if limit is None or limit.unlimited:
        return Known()
    if limit.names is not None:
        return Known(limit.names)
    low = -inf if limit.low is None else limit.low
    return Known(low=low, high=inf if limit.high is None else limit.high)


def _check_reached(findings: Findings, loc: Loc, lines: Sequence[FailureLine | None]) -> None:
    for n, line in enumerate(lines):
        for earlier in lines[:n]:
            if line and earlier and _covers(earlier, line):
                what = f"it never counts: {earlier} stands before it, and fits whatever it fits"
                findings.warn((*loc, n), what, "put the narrower line first")
                break


def _covers(wide: FailureLine, narrow: FailureLine) -> bool:
    return (
        wide.code in (None, narrow.code)
        and (wide.message is None or wide.message in (narrow.message or ""))
        and wide.pattern in (None, narrow.pattern)
    )


def _check_dotted(findings: Findings, allowed: Mapping[str, Any]) -> None:
    for key, what in (("adapters", "module:Class"), ("models", "module:attribute")):
        named = allowed.get(key)
        for name, target in named.items() if isinstance(named, dict) else ():
            module, colon, attribute = str(target).partition(":")
            if isinstance(target, str) and not (module and colon and attribute):
                findings.fault((key, name), f"{target!r} names nothing to import", f"write {what}")


def _warn(
    findings: Findings, allowed: Operators, instruments: Mapping[str, InstrumentRules]
) -> None:
    without = [
        name
        for name in sorted(allowed.unattended)
        if name not in instruments or instruments[name].limits is None
    ]
    for name in without:
        what = f"{name} has no limits: nothing is sent there, unless it is a person at a bench"
        findings.warn(("unattended",), what, f"{_INSTRUMENTS}: {{{name}: {{limits: …}}}}")
