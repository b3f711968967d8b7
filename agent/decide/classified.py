"""Choosing where the class of every point is to be known."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from agent.core.decision import Choice
from agent.core.outlook import Outlook
from agent.core.policy import Policy, criterion_of
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide import designs
from agent.decide.acquisition import Score, Scorer
from agent.decide.choose import Chooser, Chosen, Scoring
from agent.decide.feasible import as_deviation, weighed
from agent.decide.situation import Situation
from agent.decide.unknown import spread
from agent.learn.classes import (
    KIND,
    ClassCommittee,
    Classifier,
    consensus_entropy,
    entropy,
    expected_label,
    fit_classes,
    least_confidence,
    margin,
    predicted,
    restore_classes,
    vote_entropy,
)

_OF_ONE = {"entropy": entropy, "margin": margin, "least_confidence": least_confidence}
_OF_MANY = {"vote_entropy": vote_entropy, "consensus_entropy": consensus_entropy}

_REASON = {
    "entropy": "its class is the most open",
    "margin": "two classes are nearest to each other there",
    "least_confidence": "its likeliest class is the least sure",
    "vote_entropy": "the committee's members vote for different classes",
    "consensus_entropy": "the committee together is the least sure of its class",
}


class Classed(NamedTuple):
    """What was chosen, the fitted classifier as JSON, and how much of the space is not known."""

    choices: tuple[Choice, ...]
    state: dict[str, Any]
    outlook: Outlook | None


def classified(situation: Situation, before: list[Point], count: int) -> Classed:
    """Up to `count` points whose class is worth knowing.

    Args:
        situation: What the decision starts from.
        before: Points chosen before in this decision (replicates).
        count: How many.

    Raises:
        ModelError: there is no row to learn from.
    """
    classes = len(situation.objective.classes)
    classifier = fit_classes(situation.encoding, situation.usable, classes)
    chooser = Chooser(situation, scoring_of(situation, classifier), before)
    choices = tuple(_explained(situation, classifier, one) for one in chooser.choices(count))
    return Classed(
        choices, classifier.state(), unknown_labels(situation, classifier, chooser.space)
    )


def is_classified(state: dict[str, Any]) -> bool:
    """Whether a decision's state is of classes."""
    return bool(state["kind"] == KIND)


def class_scores(situation: Situation, state: dict[str, Any], points: list[Point]) -> list[float]:
    """The acquisition of the first greedy step at `points`, from a decision's stored state.

    Raises:
        ReplayError: the rows are not those that the classifier learnt from.
    """
    classifier = restore_classes(state, situation.encoding, situation.usable)
    return Chooser(situation, scoring_of(situation, classifier), []).acquisition(points)


def scoring_of(situation: Situation, classifier: Classifier) -> Scoring:
    """The policy's acquisition, weighed by what is likely to work."""

    def made(in_flight: Tensor, design: Tensor) -> Scorer:
        del design
        seed = derived(situation.seed, "committee")
        score = acquisition(situation.policy, classifier.with_points(in_flight), seed)
        works = situation.feasibility
        return Scorer(score) if works is None else weighed(Scorer(score), works, as_deviation)

    return made


def acquisition(policy: Policy, classifier: Classifier, seed: int) -> Score:
    """How much the class of each of `n x d` is worth knowing: `n`.

    Args:
        policy: Which measure.
        classifier: With points in flight as expected.
        seed: Of the committee.
    """
    criterion = criterion_of(policy, "classify")
    if criterion in _OF_MANY:
        committee, together = ClassCommittee(classifier, seed), _OF_MANY[criterion]
        return lambda X: together(committee.members(X))
    alone = _OF_ONE[criterion]
    return lambda X: alone(classifier.probabilities(X))


def label_words(situation: Situation, classifier: Classifier, point: Point) -> str:
    """The classes that a point may have, the likeliest first, with their probabilities."""
    told = predicted(classifier, situation.encoding, [point])[0].tolist()
    return expected_label(told, situation.objective.classes)


def unknown_labels(situation: Situation, classifier: Classifier, X: Tensor) -> Outlook | None:
    """The share of the space that is expected to be given the wrong class: the mean of `1 - max p`;
    None before as many points are measured as tell of the whole space, and while all are of one class:
    where no border was seen yet, a few points of one class would make the model nearly sure of all others.
    """
    measured = torch.unique(classifier.X, dim=0)
    if len(measured) < designs.thorough(situation.encoding) or len(torch.unique(classifier.y)) < 2:
        return None
    open_ = least_confidence(classifier.probabilities(spread(X, situation.seed)))
    return Outlook(rows=len(classifier.y), unknown=float(open_.mean()))


def _explained(situation: Situation, classifier: Classifier, chosen: Chosen) -> Choice:
    policy, works = situation.policy, situation.feasibility
    reason = _REASON[criterion_of(policy, "classify")]
    why = f"{reason}: {label_words(situation, classifier, chosen.point)}"
    X = situation.encoding.encode([chosen.point])
    feasible = None if works is None else float(works.log_probability(X).exp())
    return Choice(
        point=chosen.point,
        acquisition=policy.name,
        score=chosen.score,
        feasible=feasible,
        why=why if feasible is None else f"{why}; works with {feasible:.0%}",
    )
