"""Phase diagrams that can be computed exactly: which phase is there at a point.

They are for campaigns of `goal: classify`, and are asked through the adapter `function`.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.core.values import Scalar

Bounds = tuple[float, float]

_GAS = 8.314462618
"""Gas constant, in J/(mol K)."""


@dataclass(frozen=True)
class Diagram:
    """A phase diagram with its box, the names of its phases and its source.

    `phase` says which of `classes` there is at a point; `units` has those of `parameters` that have one.
    """

    phase: Callable[[Mapping[str, Scalar]], str]
    source: str
    classes: tuple[str, ...]
    parameters: dict[str, Bounds]
    units: dict[str, str] = field(default_factory=dict)

    @property
    def integers(self) -> frozenset[str]:
        """Parameters that are whole numbers: none."""
        return frozenset()

    def domains(self, names: tuple[str, ...]) -> dict[str, Bounds]:
        """The parameters and their bounds, whatever the caller has."""
        del names
        return self.parameters

    def broken(self, point: Mapping[str, Scalar]) -> str | None:
        """Why a point is infeasible: there is always some phase."""
        del point
        return None


_MELTING = {"silicon": (1687.0, 50208.0), "germanium": (1211.4, 36944.7)}
"""Melting point, in K, and enthalpy of melting, in J/mol (Dinsdale, 1991)."""


def silicon_germanium(point: Mapping[str, Scalar]) -> str:
    """Silicon and germanium, which mix in every proportion, solid and liquid, as if ideally.

    With K_i = x_i(solid)/x_i(liquid) = exp(H_i/R (1/T - 1/T_i)) of each element, the share of silicon in the
    liquid that is in equilibrium with a solid is (1 - K_Ge)/(K_Si - K_Ge), and in that solid K_Si times as
    much. Between both there is some of either. Source: van Laar (1908); the melts of this system are close
    to ideal (Thurmond, 1953).

    Args:
        point: `silicon`, its mole fraction, and `temperature`, in K.
    """
    x, temperature = float(point["silicon"]), float(point["temperature"])
    if temperature <= _MELTING["germanium"][0]:
        return "solid"
    if temperature >= _MELTING["silicon"][0]:
        return "liquid"
    ratio = {
        name: math.exp(heat / _GAS * (1 / temperature - 1 / melts))
        for name, (melts, heat) in _MELTING.items()
    }
    liquidus = (1 - ratio["germanium"]) / (ratio["silicon"] - ratio["germanium"])
    solidus = ratio["silicon"] * liquidus
    return "liquid" if x < liquidus else "solid" if x > solidus else "both"


DIAGRAMS: dict[str, Diagram] = {
    "silicon_germanium": Diagram(
        silicon_germanium,
        "van Laar (1908); Thurmond (1953); enthalpies of Dinsdale (1991)",
        ("solid", "both", "liquid"),
        {"silicon": (0.0, 1.0), "temperature": (1000.0, 1800.0)},
        {"temperature": "K"},
    ),
}
"""Name -> phase diagram."""
