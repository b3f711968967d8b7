"""What a model's choice rests on: near measurements, the readings that moved it, and runners-up."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.special import ndtr

from agent.core.grounds import MOST, Grounds, Influence, Neighbour, RunnerUp
from agent.core.history import differing
from agent.core.objective import Objective
from agent.core.values import Point
from agent.decide.choose import Chosen
from agent.decide.costs import Prices
from agent.decide.feasible import weighing, worth_trying
from agent.decide.lost import Told, lost, wanted_of, wanted_of_several
from agent.decide.situation import Situation
from agent.learn.fitted import Fitted
from agent.learn.once import once
from agent.learn.posterior import Mixture
from agent.learn.several import Several

_DUST = 1e-9
"""Influences, in standardised units, below which a reading has moved nothing."""

Predictions = Sequence[dict[str, tuple[float, float]]]


def grounds(situation: Situation, surrogate: Fitted, chosen: Chosen) -> Grounds:
    """The grounds of a choice for one objective.

    Args:
        situation: What the decision started from.
        surrogate: The model that made the choice: with sources the mixture, in a plain turn the plain
            one. Readings have moved what that model predicts.
        chosen: The choice.
    """
    policy, name = situation.policy, situation.objective.name
    points = [chosen.point, *(point for point, _ in chosen.others)]
    X, prices = situation.encoding.encode(points), chosen.prices or Prices.of(situation)
    with torch.no_grad():
        mean, sd = surrogate.posterior.marginals(X)
        parts = []
        if chosen.others:
            in_flight = sd
            if len(chosen.in_flight):
                in_flight = Mixture(surrogate.members, chosen.in_flight).marginals(X)[1]
            told = Told(mean, sd, in_flight / sd, _works(situation, X), prices.logs(points))
            wanted = wanted_of(policy, surrogate, chosen.in_flight)
            weigh = weighing(policy, surrogate) if situation.feasibility else None
            parts = lost(wanted, told, weigh, prices.combined)
        expected = zip(mean.tolist(), sd.tolist(), strict=True)
        predictions = [{name: surrogate.scaling.restored(*one)} for one in expected]
        return Grounds(
            probability_of_improvement=(
                None
                if situation.objective.learning
                else probability_of_improvement(surrogate, X[:1])
            ),
            neighbours=neighbours(situation, chosen.point),
            influences=_foremost(influences(surrogate, situation.objective, X[:1])),
            runners_up=_runners_up(situation, chosen, predictions, parts),
        )


def grounds_of_several(situation: Situation, surrogates: Several, chosen: Chosen) -> Grounds:
    """The grounds of a choice for several objectives; readings of each have moved its own model.

    Args:
        situation: What the decision started from.
        surrogates: One an objective.
        chosen: The choice.
    """
    points = [chosen.point, *(point for point, _ in chosen.others)]
    X, prices = situation.encoding.encode(points), chosen.prices or Prices.of(situation)
    with torch.no_grad():
        mean, sd = surrogates.marginals(X)
        in_flight = surrogates.marginals(X, chosen.in_flight)[1] if len(chosen.in_flight) else sd
        told = Told(mean, sd, in_flight / sd, _works(situation, X), prices.logs(points))
        wanted, weigh = wanted_of_several(
            situation.policy, surrogates, chosen.in_flight, situation.seed
        )
        moved = [
            one
            for objective, part in zip(situation.aim.objectives, surrogates.parts, strict=True)
            for one in influences(part, objective, X[:1])
        ]
        return Grounds(
            neighbours=neighbours(situation, chosen.point),
            influences=_foremost(moved),
            runners_up=_runners_up(
                situation,
                chosen,
                surrogates.predict(points),
                lost(wanted, told, weigh, prices.combined),
            ),
        )


def probability_of_improvement(surrogate: Fitted, X: Tensor) -> float | None:
    """The probability that the underlying value at a point (`1 x d`) is better than the best mean at a
    measured point (Kushner, 1964), exactly, of a mixture too; None before there is one.
    """
    measured, scaling, posterior = surrogate.training.X, surrogate.scaling, surrogate.posterior
    if not len(measured):
        return None
    together = torch.cat([X, measured])
    with once():
        parts = [part.marginals(together) for part in posterior.parts]
    told = list(zip(posterior.weights, parts, strict=True))
    mean = torch.stack([weight * means[1:] for weight, (means, _) in told]).sum(dim=0)
    best = float(scaling.score(mean).max())
    low, high = (scaling.low + best, scaling.high - best) if scaling.ranged else (best, torch.inf)
    if not low < high or (scaling.ranged and best >= 0):
        return 0.0
    total = sum(
        weight * (ndtr((high - means[0]) / sd[0]) - ndtr((low - means[0]) / sd[0]))
        for weight, (means, sd) in told
    )
    return min(max(float(total), 0.0), 1.0)


def neighbours(situation: Situation, point: Point) -> tuple[Neighbour, ...]:
    """The measured points that are nearest to a point in the unit cube of the space, nearest first.

    Not by the model's lengthscales: what the model takes for alike is in `influences`, and what people
    would look at beside it are the experiments with the most similar settings.
    """
    measured = situation.known
    if not measured:
        return ()
    X = situation.encoding.encode([point, *(one.point for one in measured)])
    distances = (X[1:] - X[0]).square().sum(dim=1).sqrt()
    nearest = torch.argsort(distances, stable=True)[:MOST].tolist()
    return tuple(
        Neighbour(
            trial=measured[at].trial,
            values=_named(situation, measured[at].values),
            differs=differing(measured[at].point, point),
            distance=float(distances[at]),
        )
        for at in nearest
    )


def influences(surrogate: Fitted, objective: Objective, X: Tensor) -> list[tuple[float, Influence]]:
    """What each row moved of the mean at a point (`1 x d`), with its size in standardised units; what
    bounds moved is not told.
    """
    if not surrogate.rows:
        return []
    scaling = surrogate.scaling
    # What stands for bounds comes after the rows.
    moved = surrogate.posterior.influences(X)[0][: len(surrogate.rows)].tolist()
    return [
        (
            abs(by),
            Influence(
                row=row.id,
                trial=row.trial,
                objective=objective.name,
                value=row.value,
                moved=scaling.sign * scaling.scale * by,
            ),
        )
        for row, by in zip(surrogate.rows, moved, strict=True)
    ]


def _foremost(moved: Sequence[tuple[float, Influence]]) -> tuple[Influence, ...]:
    ranked = sorted(moved, key=lambda one: -one[0])
    return tuple(one for size, one in ranked[:MOST] if size > _DUST)


def _runners_up(
    situation: Situation, chosen: Chosen, predictions: Predictions, parts: list[dict[str, float]]
) -> tuple[RunnerUp, ...]:
    """The other candidates of a choice.

    Args:
        situation: What the decision started from.
        chosen: The choice, with r others.
        predictions: Of the chosen point and the others, `1 + r`.
        parts: Why each of the others lost, `r`.
    """
    works = situation.feasibility
    others = zip(chosen.others, predictions[1:], parts, strict=True)
    return tuple(
        RunnerUp(
            point=point,
            prediction=prediction,
            score=score,
            feasible=works
            and float(works.log_probability(situation.encoding.encode([point])).exp()),
            lost=part,
        )
        for (point, score), prediction, part in others
    )


def _works(situation: Situation, X: Tensor) -> Tensor | None:
    return worth_trying(situation.feasibility, X) if situation.feasibility else None


def _named(situation: Situation, values: dict[str, float]) -> dict[str, float]:
    """Values by objective, where rows of a single one may leave its name out."""
    return {name or situation.objective.name: value for name, value in values.items()}
