"""A surrogate with transfer priors, whichever way it takes them in."""

from abc import abstractmethod
from typing import Any

from agent.core.history import Row
from agent.core.transfer import Method
from agent.errors import ReplayError
from agent.learn.encoding import Encoding
from agent.learn.fitted import Fitted
from agent.learn.priors.given import Given
from agent.learn.priors.source import SourceModel
from agent.learn.scaling import Scaling
from agent.learn.training import Training, hash_of


class Transfer(Fitted):
    """Rows and sources in, posterior out.

    Args:
        given: What it learns from.
        scaling: The objective's unit to the units of the models.
        notes: In words.

    Attributes:
        method: The way's name.
        sources: The fitted sources.
    """

    method: Method

    def __init__(self, given: Given, scaling: Scaling, notes: tuple[str, ...] = ()) -> None:
        self.given = given
        self.encoding: Encoding = given.encoding
        self.scaling = scaling
        self.training: Training = given.training(scaling)
        self.rows: tuple[Row, ...] = given.rows
        self.sources: tuple[SourceModel, ...] = given.sources
        self.notes = notes

    @property
    @abstractmethod
    def weights(self) -> dict[str, float]:
        """How far each part of the model is believed, by its name; they sum to one."""

    @property
    @abstractmethod
    def coefficients(self) -> dict[str, tuple[float, float]]:
        """By how much each source counts (mean and standard deviation; 1 is at face value)."""

    @property
    @abstractmethod
    def trusted(self) -> dict[str, float]:
        """How far each source is believed by now, 0 to 1: what the guard looks at."""

    @property
    def believed(self) -> float:
        """How far sources are believed at all, 0 to 1."""
        return self.weights.get("sources", 1.0)

    @property
    def contradicted(self) -> bool:
        """Whether the campaign's own results speak against the sources."""
        return False

    @abstractmethod
    def learnt(self) -> dict[str, Any]:
        """What this way has learnt, as JSON: what its `restore` needs beside rows and sources."""

    def state(self) -> dict[str, Any]:
        """Everything that restoring it needs beside rows and sources, as JSON."""
        return {
            "kind": "transfer",
            "method": self.method,
            "sources": [source.state() for source in self.sources],
            "weights": self.weights,
            "coefficients": {name: list(pair) for name, pair in self.coefficients.items()},
            "trusted": self.trusted,
            "shift": self.scaling.shift,
            "scale": self.scaling.scale,
            "rows_sha256": hash_of(self.rows),
            "notes": list(self.notes),
            "learnt": self.learnt(),
        }


def same_rows(state: dict[str, Any], given: Given) -> Scaling:
    """The scaling that was stored with a state, after a look at the rows.

    Raises:
        ReplayError: they are not those that it learnt from.
    """
    if hash_of(given.rows) != state["rows_sha256"]:
        raise ReplayError(
            "these are not the rows that the surrogate learnt from",
            "a row was altered, added or taken away since",
        )
    return Scaling.known(state["shift"], state["scale"], given.objective)
