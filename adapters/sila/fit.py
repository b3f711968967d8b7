"""Whether a SiLA 2 server has what the settings name, in the same units: told before the first sample, not by it."""

from math import isclose
from typing import Any

from adapters.sila.link import command_of, is_observable
from adapters.sila.settings import SilaSettings
from adapters.sila.values import names_of
from agent.core.units import convert
from agent.errors import AdapterError, IngestError, MissingExtra

try:
    from sila2.client import SilaClient
    from sila2.framework import Command, DataTypeDefinition
    from sila2.framework.constraints.unit import Unit
    from sila2.framework.data_types.constrained import Constrained
except ImportError as error:
    raise MissingExtra("sila2 is not installed", 'pip install "athanor[sila]"') from error


def wrongs(client: SilaClient, settings: SilaSettings) -> tuple[str, ...]:
    """What does not fit; empty if everything does. Something is asked of the server in any case."""
    client.SiLAService.ServerUUID.get()
    try:
        _, main = command_of(client, settings.path(settings.command))
        found = [] if is_observable(main) else [f"{settings.command} is not an observable command"]
        found += _arguments(main, settings) + _answers(main, settings) + _units(main, settings)
        calls = (settings.lookup, settings.withdraw, settings.cancel, settings.emergency_stop)
        for wanted in filter(None, calls):
            _, other = command_of(client, settings.path(wanted.command))
            if is_observable(other):
                found.append(
                    f"{wanted.command} is an observable command: it does not answer at once"
                )
            named = {wanted.key, wanted.execution, *wanted.constants} - {None}
            found += _missing(wanted.command, named, other)
    except AdapterError as error:
        return (str(error),)
    return tuple(found)


def _arguments(main: Command, settings: SilaSettings) -> list[str]:
    named = {settings.key, *settings.constants, *settings.sample.names} - {None}
    named |= {settings.argument(name) for name in settings.parameters or ()}
    return _missing(settings.command, named, main)


def _missing(command: str, named: set[str | None], definition: Command) -> list[str]:
    has = names_of(definition.parameters)
    wrong = sorted(str(name) for name in named - set(has))
    return [f"{command} has no argument '{name}' (it has: {', '.join(has)})" for name in wrong]


def _answers(main: Command, settings: SilaSettings) -> list[str]:
    has = names_of(main.responses)
    places = {name: one.at or name for name, one in settings.objectives.items()}
    return [
        f"{settings.command} answers nothing at '{at}', where '{name}' is read (it answers: {', '.join(has)})"
        for name, at in places.items()
        if at.partition(".")[0] not in has
    ]


def _units(main: Command, settings: SilaSettings) -> list[str]:
    """What is sent or read in another unit than the feature declares."""
    takes = dict(zip(names_of(main.parameters), main.parameters, strict=True))
    gives = dict(zip(names_of(main.responses), main.responses, strict=True))
    pairs = [
        (settings.argument(name), one.unit, takes)
        for name, one in (settings.parameters or {}).items()
    ]
    pairs += [(one.at or name, one.unit, gives) for name, one in settings.objectives.items()]
    return [
        f"{settings.command} has '{name}' in '{declared.label}', and the settings say '{unit}'"
        for name, unit, fields in pairs
        if name in fields
        and (declared := _declared_unit(fields[name].data_type)) is not None
        and _differ(unit, declared)
    ]


def _declared_unit(data_type: Any) -> Unit[Any] | None:
    while isinstance(data_type, Constrained | DataTypeDefinition):
        if isinstance(data_type, DataTypeDefinition):
            data_type = data_type.data_type
            continue
        for constraint in data_type.constraints:
            if isinstance(constraint, Unit):
                return constraint
        data_type = data_type.base_type
    return None


def _differ(unit: str, declared: Unit[Any]) -> bool:
    """Whether a number in `unit` is another one in the declared unit, as far as that can be told.

    SiLA 2 declares value × factor + offset in SI units. The client reads their exponents wrongly, so that only a
    unit of one SI unit to the first power can be compared.
    """
    if len(declared.unit_components) != 1:
        return False
    base = declared.unit_components[0].si_unit.value
    try:
        zero, one = convert(0.0, unit, base), convert(1.0, unit, base)
    except IngestError:
        return False
    return not (
        isclose(zero, declared.offset, abs_tol=1e-9)
        and isclose(one - zero, declared.factor, rel_tol=1e-6)
    )
