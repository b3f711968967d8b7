"""What a SiLA 2 command takes and gives back, in plain values: checked and converted before anything is sent.

The client itself checks constraints, but answers a wrong type with a bare TypeError, and 2.0 is none of its integers.
"""

import base64
import math
from collections.abc import Mapping, Sequence
from datetime import date, time, timedelta
from typing import Any

from agent.core.values import Scalar
from agent.errors import MissingExtra

try:
    from sila2.framework import Command, DataTypeDefinition, ValidationError
    from sila2.framework.abc.data_type import DataType
    from sila2.framework.data_types.boolean import Boolean
    from sila2.framework.data_types.constrained import Constrained
    from sila2.framework.data_types.integer import Integer
    from sila2.framework.data_types.real import Real
    from sila2.framework.data_types.string import String
except ImportError as error:
    raise MissingExtra("sila2 is not installed", 'pip install "athanor[sila]"') from error

_TRUTHS: dict[Scalar, bool] = {"true": True, "false": False, 1: True, 0: False}


def names_of(fields: Any) -> tuple[str, ...]:
    """The identifiers of a command's parameters, or of its responses."""
    found: tuple[str, ...] = fields.namedtuple_type._fields
    return found


def arguments_for(
    command: Command, given: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The arguments as the command's definition declares them, and the reasons against them."""
    declared = dict(zip(names_of(command.parameters), command.parameters, strict=True))
    known = ", ".join(declared)
    reasons = [
        f"the command has no argument '{name}' (it has: {known})"
        for name in given.keys() - declared
    ]
    reasons += [f"the command's argument '{name}' is not given" for name in declared.keys() - given]
    converted = {}
    for name, value in given.items():
        if name not in declared:
            continue
        try:
            converted[name] = _converted(value, declared[name].data_type)
            declared[name].data_type.to_message(converted[name])
        except (ValidationError, TypeError, ValueError) as error:
            reasons.append(f"the argument '{name}' cannot be {value!r}: {error}")
    return converted, tuple(sorted(reasons))


def plain(value: Any) -> Any:
    """A response as JSON has it: structures by name, times in ISO 8601, bytes in base 64."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, date | time):
        return value.isoformat()
    if hasattr(value, "_asdict"):
        return {name: plain(item) for name, item in value._asdict().items()}
    if isinstance(value, Sequence):
        return [plain(item) for item in value]
    return str(value)


def _converted(value: Any, declared: DataType[Any, Any]) -> Any:
    """A plain value in the Python type that the client wants for a declared type.

    Raises:
        ValueError: it is none of that type.
    """
    base = _base(declared)
    if isinstance(base, Boolean):
        truth = _TRUTHS.get(value.lower() if isinstance(value, str) else value)
        return _needed(truth, "true or false")
    if isinstance(base, Real):
        return float(_needed(_number(value), "a number"))
    if isinstance(base, Integer):
        number = _number(value)
        return int(_needed(number if number == round(number or 0) else None, "a whole number"))
    if isinstance(base, String):
        return _needed(value if isinstance(value, str) else None, "a text")
    return value


def _base(declared: Any) -> Any:
    """The type beneath constraints and names."""
    while isinstance(declared, Constrained | DataTypeDefinition):
        declared = declared.base_type if isinstance(declared, Constrained) else declared.data_type
    return declared


def _number(value: Any) -> float | int | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return value


def _needed(value: Any, what: str) -> Any:
    if value is None:
        raise ValueError(f"{what} is needed")
    return value
