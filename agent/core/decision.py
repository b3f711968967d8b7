"""Decision: one round's choice with everything that went in, so that it can be replayed."""

from typing import Any, Literal

from pydantic import AwareDatetime, Field

from agent.core.confirming import Confirming, Ranked
from agent.core.constraints import Constraint
from agent.core.grounds import Grounds
from agent.core.history import Pending
from agent.core.outlook import Outlook
from agent.core.values import Point, Value, later


class Choice(Value):
    """One chosen point with its reasons, before it becomes a trial and a proposal.

    `prediction` maps objective -> (mean, sd) in the objective's unit; `feasible` is the probability
    that the point works, once something did not; `grounds` is what a model's choice rests on.
    """

    point: Point
    prediction: dict[str, tuple[float, float]] = Field(default_factory=dict)
    acquisition: str
    score: float | None = None
    feasible: float | None = later(None, ge=0, le=1)
    shares: dict[str, float] = Field(default_factory=dict)
    why: str
    replicate_of: str | None = None
    grounds: Grounds | None = later(None)


class Decision(Value):
    """One round's choice. `rows` (ids of observations, those of bounds after those of values), `pending`,
    `barred`, `infeasible` and `remakes` (trials whose results are in question) are in the order in which
    they went in; `started` is how many trials there were; `confirming` is what it was told of the winner.
    `outlook` is what was left to gain before it, and `ranking` has the best of the measured points by its
    model, the best first.

    `state` is the fitted surrogate as JSON (hyperparameters and data transforms); `notes` tell of
    fallbacks. Of kind `screened` the choice is a sample that came by. `budget` is what was read of it.
    `present` are the settings that the instrument was to be left at, where a change of them costs
    something. `leeway` is what the operators' limits left of the space. `seed` is derived from the
    campaign's and `number`.
    """

    id: str
    campaign: str
    number: int = Field(ge=1)
    revision: int = Field(ge=1)
    kind: Literal["initial", "model", "given", "screened"]
    rows: tuple[str, ...]
    pending: tuple[Pending, ...]
    barred: tuple[Point, ...] = ()
    infeasible: tuple[Point, ...] = later(())
    remakes: tuple[Pending, ...] = later(())
    confirming: Confirming | None = later(None)
    started: int = Field(default=0, ge=0)
    batch: int = Field(ge=1)
    seed: int
    clock: AwareDatetime
    budget: dict[str, float]
    present: Point = later({})
    leeway: tuple[Constraint, ...] = later(())
    policy: dict[str, Any]
    choices: tuple[Choice, ...]
    state: dict[str, Any] | None = None
    notes: tuple[str, ...] = ()
    outlook: Outlook | None = later(None)
    ranking: tuple[Ranked, ...] = later(())
    fingerprint: dict[str, str]
    at: AwareDatetime
