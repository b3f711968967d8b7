"""Screening: a sample comes by, and is to be asked for or let pass."""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from agent.core.decision import Choice
from agent.core.history import key
from agent.core.outlook import Outlook
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide.acquisition import Scorer
from agent.decide.choose import Chooser, Scoring, scoring
from agent.decide.classified import label_words, scoring_of, unknown_labels
from agent.decide.situation import Situation
from agent.decide.unknown import deviation, spread
from agent.errors import ModelError
from agent.learn.classes import fit_classes
from agent.learn.surrogate import fit

_AMONG = 512
"""Points of the space that a sample is compared with."""


class Look(NamedTuple):
    """What was found of a sample: whether it is to be asked for, and the reason.

    Attributes:
        choice: The sample as a choice; None where it is let pass.
        why: In words.
        score: Its acquisition; None before there is a model.
        least: From which acquisition on samples are asked for.
        state: The fitted model as JSON; None without one.
        outlook: How far the response is not known, where that is to be known.
    """

    choice: Choice | None
    why: str
    score: float | None = None
    least: float | None = None
    state: dict[str, Any] | None = None
    outlook: Outlook | None = None


class _Model(NamedTuple):
    """A model as far as a sample asks it."""

    scoring: Scoring
    state: dict[str, Any]
    words: str
    prediction: dict[str, tuple[float, float]]
    unknown: Callable[[Tensor], Outlook | None]


def looked_at(situation: Situation, point: Point) -> Look:
    """Whether a sample is to be asked for: a pure function of its arguments.

    It is where its acquisition is among the highest `policy.rate` of those of the space, what is in
    flight counted as measured; every sample before there is a model. So about that share of samples
    that come from all over the space is asked for, and less where they come from what is known.

    Args:
        situation: What the decision starts from.
        point: The sample, as it can be sent.
    """
    against = _against(situation, point)
    if against:
        return Look(None, against)
    if situation.initial:
        number = situation.measured + len(situation.pending) + 1
        why = f"before there is a model every sample is asked for ({number} of {situation.size})"
        return Look(Choice(point=point, acquisition="screened", why=why), why)
    try:
        model = _model(situation, point)
    except ModelError as error:
        why = f"every sample is asked for without a model: {error.message}"
        return Look(Choice(point=point, acquisition="screened", why=why), why)
    chooser = Chooser(situation, model.scoring, [])
    one = model.scoring(situation.in_flight([]), chooser.design)
    space = spread(chooser.space, situation.seed, _AMONG)
    scores = _scores(one, torch.cat([situation.encoding.encode([point]), space]))
    score, others = float(scores[0]), scores[1:]
    rate = situation.policy.rate
    least = float(torch.quantile(others, 1 - rate))
    below = float((others < score).double().mean())
    told = f"more is to be learnt there than at {below:.0%} of the space; {model.words}"
    if score < least:
        why = f"{told}; asked from {1 - rate:.0%} on"
        return Look(None, why, score, least, model.state)
    left = model.unknown(chooser.space)
    choice = Choice(
        point=point,
        prediction=model.prediction,
        acquisition=situation.policy.name,
        score=score,
        why=f"a sample that came by: {told}; asked from {1 - rate:.0%} on",
    )
    return Look(choice, choice.why, score, least, model.state, left)


def _against(situation: Situation, point: Point) -> str:
    reasons = situation.space.reasons(point)
    if reasons:
        return f"it is not in the space: {'; '.join(reasons)}"
    if key(point) in {key(one) for one in situation.barred}:
        return "its point is barred: rejected, or it does not work"
    return "its point is known, or asked for already" if point in situation.taken else ""


def _model(situation: Situation, point: Point) -> _Model:
    objective, encoding = situation.objective, situation.encoding
    if objective.classed:
        classifier = fit_classes(encoding, situation.usable, len(objective.classes))
        words = label_words(situation, classifier, point)
        return _Model(
            scoring_of(situation, classifier),
            classifier.state(),
            words,
            {},
            lambda X: unknown_labels(situation, classifier, X),
        )
    seed = derived(situation.seed, "fit")
    surrogate = fit(encoding, situation.rows, objective, seed, bounds=situation.bounds)
    (mean, sd) = surrogate.predict([point])[0]
    unit = "" if objective.unit == "1" else f" {objective.unit}"
    words = f"predicted {mean:.4g} ± {sd:.2g}{unit}"
    made = scoring(situation, surrogate)
    return _Model(
        made,
        surrogate.state(),
        words,
        {objective.name: (mean, sd)},
        lambda X: deviation(situation, surrogate, X) if objective.learning else None,
    )


def _scores(one: Scorer, X: Tensor) -> Tensor:
    with torch.no_grad():
        return one.score(X)
