"""The sources of a decision, as models: those that it asks and that tell something."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from agent.core.objective import Objective
from agent.core.pools import PoolColumn
from agent.core.source import LEFT_OUT, Source
from agent.core.space import SearchSpace
from agent.core.values import digest
from agent.decide.situation import Situation
from agent.errors import ModelError, ReplayError
from agent.learn.encoding import Encoding
from agent.learn.priors.source import SourceModel, fit_source, restore_source
from agent.learn.training import EXPECTED

_KEPT = 64


@dataclass(frozen=True)
class Sources:
    """Models of sources, in the order of the priors.

    Attributes:
        models: Of those that can be used.
        believed: The same as sources.
        notes: What is wrong with the others.
        states: What was fitted of each source by its key, None of one that tells nothing: what may
            be remembered for the next decision.
    """

    models: tuple[SourceModel, ...]
    believed: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    states: Mapping[str, dict[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, situation: Situation) -> "Sources":
        """The models of the sources that a decision asks; one that cannot be used is left out."""
        models, believed, notes, states = [], [], [], {}
        place = place_of(situation.space, situation.objective)
        for source in situation.asked:
            name = key_of(source, place)
            remembered = situation.remembered.get(name)
            try:
                model = model_of(situation.space, source, situation.objective, remembered)
            except EXPECTED as error:
                notes.append(f"prior {source.name} {LEFT_OUT}{_line(error)}")
                states[name] = {"refused": _line(error)}
            else:
                models.append(model)
                believed.append(source)
                states[name] = model.state()
        return cls(tuple(models), tuple(believed), tuple(notes), states)


def place_of(space: SearchSpace, objective: Objective) -> str:
    """The hash of all that a source's model depends on beside the source."""
    # A resolved pool is named by its hash; one that is not resolved stands for itself.
    loose = [
        space.pools.get(one.name)
        for one in space.parameters
        if isinstance(one, PoolColumn) and one.pool is None
    ]
    return digest([space.parameters, loose, objective.goal])


def key_of(source: Source, place: str) -> str:
    """What names a source's model in a place."""
    return digest([source.sha256, place])


def model_of(
    space: SearchSpace,
    source: Source,
    objective: Objective,
    remembered: dict[str, Any] | None = None,
) -> SourceModel:
    """The source's model in a space; of an equal source in an equal space, the same one again.

    Args:
        space: The campaign's, with its pools.
        source: What it learns from.
        objective: What is wanted.
        remembered: What was fitted of it before, if that is known.

    Raises:
        ModelError: it cannot be used.
    """
    if remembered is not None and "refused" in remembered:
        raise ModelError(remembered["refused"])
    known = _Known(source, remembered)
    return _fitted(known, Encoding.of(space), objective)


@dataclass(frozen=True, eq=False)
class _Known:
    """A source that is looked up by its content."""

    source: Source
    remembered: dict[str, Any] | None

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Known) and self.source.sha256 == other.source.sha256

    def __hash__(self) -> int:
        return hash(self.source.sha256)


@lru_cache(maxsize=_KEPT)
def _fitted(known: _Known, encoding: Encoding, objective: Objective) -> SourceModel:
    if known.remembered is not None:
        try:
            return restore_source(known.remembered, encoding, known.source, objective)
        except (ReplayError, KeyError):
            pass  # what is remembered is another source's: it may be forgotten at any time
    return fit_source(encoding, known.source, objective)


def _line(error: Exception) -> str:
    return str(error).splitlines()[0][:160]
