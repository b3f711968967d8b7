"""What operators allow of instruments, as `athanor check` shows it."""

from pathlib import Path

from rich.markup import escape

from agent.commands.common import console, table
from agent.core.adapter import Capabilities
from agent.core.limits import Limit
from agent.core.operators import InstrumentRules
from agent.core.space import SearchSpace
from agent.core.trial import Setting
from agent.errors import GateError


def show_operators(path: Path) -> None:
    """Look an operators' file over, and print what it says of each instrument.

    Raises:
        OperatorsError: it cannot be used; every fault is listed.
    """
    from agent.load.operators import read_operators

    allowed, warnings = read_operators(path)
    for warning in warnings:
        console.print(f"[yellow]note[/yellow] {escape(warning)}", highlight=False)
    named = ", ".join(sorted(allowed.unattended)) or "none"
    console.print(
        f"adapters    {escape(', '.join(allowed.adapters) or 'none beside the installed')}"
    )
    console.print(f"unattended  {escape(named)}", highlight=False)
    for name, rules in allowed.instruments.items():
        _show(name, rules)


def _show(name: str, rules: InstrumentRules) -> None:
    console.print(f"\n[bold]{escape(name)}[/bold]")
    rows = [
        ("limit", parameter, str(one), _unset(one))
        for parameter, one in (rules.limits or {}).items()
    ]
    rows += [("rule", one.name, str(one), one.reason) for one in rules.rules]
    rows += [
        ("setting", key, value, "of every campaign here") for key, value in rules.settings.items()
    ]
    rows += [("failure", str(one), one.kind, one.reason) for one in rules.failures]
    rows += [("stock", item, str(one), "of every experiment") for item, one in rules.stocks.items()]
    rows += [("hours", "", str(one), one.reason) for one in rules.hours]
    if (one := rules.standard) is not None:
        rows.append(("standard", one.name, str(one.right), "before a hold that asks for it ends"))
    if rules.share is not None:
        rows.append(("share", "", str(rules.share), "among campaigns that want it"))
    console.print(table("", ("", "of", "is", "why"), rows))
    if rules.signed is not None:
        told = f"signed      {rules.signed}; seal of what is signed: {rules.seal[:12]}"
        console.print(escape(told), highlight=False)


def _unset(limit: Limit) -> str:
    return "" if limit.unset is None else f"where a plan does not set it: {limit.unset}"


def show_limits(
    target: str, space: SearchSpace, rules: InstrumentRules, capabilities: Capabilities
) -> bool:
    """Print what limits are in force for an instrument of a campaign; whether anything may be sent to it."""
    from agent.decide.review import check_released

    try:
        check_released(rules, capabilities, target)
    except GateError as error:
        console.print(f"limits    [red]{escape(str(error))}[/red]", highlight=False)
        return False
    if rules.limits is None:
        if capabilities.person:
            console.print(f"limits    none of {target}: the person who does it is asked to look")
        return True
    counts = (
        f"{_count(len(rules.limits), 'limit')} and {_count(len(rules.rules), 'rule')} of {target}"
    )
    console.print(f"limits    {escape(f'{counts}, signed by {rules.signed}')}", highlight=False)
    for note in wider(space, rules):
        console.print(f"[yellow]note[/yellow] {escape(note)}", highlight=False)
    return True


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def wider(space: SearchSpace, rules: InstrumentRules) -> list[str]:
    """What limits leave of a campaign's space, where they do not leave all of it."""
    notes, units = [], space.units
    for column, asked in space.extent.items():
        limit = (rules.limits or {}).get(column)
        if limit is None:
            continue
        settings = [Setting(value=end, unit=units[column]) for end in asked]
        reasons = [reason for one in settings if (reason := limit.against(one)) is not None]
        if any(limit.reads(one) is None for one in settings):
            notes.append(f"no {column} can be sent: {reasons[0]}")
        elif reasons:
            notes.append(
                f"the space of {column} is wider than its limit ({reasons[0]}): "
                "nothing is proposed beyond that"
            )
    return notes
