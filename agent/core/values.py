"""The frozen base of every noun, canonical JSON, and the hash that an approval binds."""

import hashlib
import json
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

Scalar = float | int | str
"""A setting in lab units: a number, or the name of a choice."""

Point = dict[str, Scalar]
"""One place in a search space: column name -> setting, in lab units."""


# `json.dumps` makes one anew at each call.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)


class Value(BaseModel):
    """A noun: frozen, closed (unknown keys are refused), finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def later(default: Any, **told: Any) -> Any:
    """A field that a noun was given after its first release: left out of JSON while it is at its
    default. So what was hashed before has the same hash now.
    """
    return Field(default=default, exclude_if=lambda value: value == default, **told)


def canonical(value: Any) -> str:
    """JSON that is equal for equal values: keys sorted, no spaces, `1.0` and `1` alike.

    Raises:
        ValueError: a number is not finite.
        TypeError: something in it is not JSON.
    """
    return _ENCODER.encode(_plain(value))


def digest(value: Any) -> str:
    """sha256 (hex) of the canonical JSON of `value`."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str):  # most of it is
        return value
    if isinstance(value, BaseModel):
        return _plain(value.model_dump(mode="json"))
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    return value
