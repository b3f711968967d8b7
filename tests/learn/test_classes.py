"""Classes over a space: who is likely where, how sure that is, and what is asked by it."""

from math import log

import numpy as np
import pytest
import torch

from agent.core.history import Row
from agent.core.parameters import ContinuousParameter
from agent.core.space import SearchSpace
from agent.errors import ModelError, ReplayError
from agent.learn.classes import (
    ClassCommittee,
    consensus_entropy,
    entropy,
    expected_label,
    fit_classes,
    least_confidence,
    margin,
    restore_classes,
    vote_entropy,
)
from agent.learn.encoding import Encoding

SPACE = SearchSpace(
    parameters=tuple(ContinuousParameter(name=name, low=0, high=1) for name in ("x", "y"))
)
ENCODING = Encoding.of(SPACE)


def stripe(x: float) -> int:
    """Three phases, one beside the other."""
    return int(x > 0.3) + int(x > 0.7)


def rows(count: int, classes: int = 3) -> list[Row]:
    points = np.random.default_rng(3).random((count, 2))
    return [
        Row(
            id=str(n),
            trial=str(n),
            point={"x": float(x), "y": float(y)},
            value=float(min(stripe(x), classes - 1)),
        )
        for n, (x, y) in enumerate(points)
    ]


def somewhere(count: int = 300) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(4).random((count, 2)))


def test_the_phases_are_found_and_their_borders_are_open() -> None:
    classifier = fit_classes(ENCODING, rows(40), 3)
    X = somewhere()
    told = classifier.probabilities(X)
    assert torch.allclose(told.sum(dim=1), torch.ones(len(X), dtype=torch.float64))
    true = torch.tensor([stripe(float(x)) for x in X[:, 0]])
    assert (classifier.likeliest(X) == true).double().mean() > 0.9
    sure = told.max(dim=1).values
    near = (X[:, :1] - torch.tensor([0.3, 0.7])).abs().min(dim=1).values < 0.08
    assert sure[~near].mean() > sure[near].mean()


@pytest.mark.parametrize("classes", [2, 3])
def test_it_is_about_as_often_wrong_as_it_expects(classes: int) -> None:
    classifier = fit_classes(ENCODING, rows(40, classes), classes)
    X = somewhere(1000)
    true = torch.tensor([min(stripe(float(x)), classes - 1) for x in X[:, 0]])
    wrong = float((classifier.likeliest(X) != true).double().mean())
    expected = float(least_confidence(classifier.probabilities(X)).mean())
    assert expected == pytest.approx(wrong, abs=0.1)


def test_before_anything_is_known_there_each_class_is_as_likely() -> None:
    space = SearchSpace(parameters=(ContinuousParameter(name="x", low=0, high=1),))
    far = Encoding.of(space)
    near = [Row(id=str(n), trial=str(n), point={"x": 0.0}, value=float(n)) for n in range(3)]
    (told,) = fit_classes(far, near, 3).probabilities(torch.tensor([[1.0]]).double())
    assert told.tolist() == pytest.approx([1 / 3] * 3, abs=0.05)


def test_a_class_that_was_not_seen_is_possible_still() -> None:
    seen = [row for row in rows(12) if row.value < 2]
    told = fit_classes(ENCODING, seen, 3).probabilities(somewhere())
    assert float(told[:, 2].max()) > 0.1


def test_it_is_restored_without_fitting_from_the_same_rows_only() -> None:
    known = rows(15)
    classifier = fit_classes(ENCODING, known, 3)
    again = restore_classes(classifier.state(), ENCODING, known)
    X = somewhere(20)
    assert torch.equal(again.probabilities(X), classifier.probabilities(X))
    altered = [known[0].model_copy(update={"value": 2.0 - known[0].value}), *known[1:]]
    with pytest.raises(ReplayError, match="not the rows"):
        restore_classes(classifier.state(), ENCODING, altered)
    with pytest.raises(ModelError, match="no row"):
        fit_classes(ENCODING, [], 3)


def test_a_point_in_flight_counts_as_it_is_expected() -> None:
    classifier = fit_classes(ENCODING, rows(15), 3)
    at = torch.tensor([[0.5, 0.95]]).double()
    before = classifier.probabilities(at).max()
    after = classifier.with_points(at).probabilities(at).max()
    assert after > before


def test_measures_of_one_model() -> None:
    told = torch.tensor([[0.5, 0.5, 0.0], [0.6, 0.2, 0.2], [1.0, 0.0, 0.0]]).double()
    assert least_confidence(told).tolist() == pytest.approx([0.5, 0.4, 0.0])
    assert margin(told).tolist() == pytest.approx([1.0, 0.6, 0.0])
    assert entropy(told).tolist() == pytest.approx([log(2), -0.6 * log(0.6) - 0.4 * log(0.2), 0.0])


def test_measures_of_a_committee() -> None:
    """Two members that vote apart, two that agree but are unsure."""
    members = torch.tensor([[[1.0, 0.0], [0.6, 0.4]], [[0.0, 1.0], [0.6, 0.4]]]).double()
    assert vote_entropy(members).tolist() == pytest.approx([log(2), 0.0])
    unsure = -0.6 * log(0.6) - 0.4 * log(0.4)
    assert consensus_entropy(members).tolist() == pytest.approx([log(2), unsure])


def test_a_committee_disagrees_at_the_borders() -> None:
    committee = ClassCommittee(fit_classes(ENCODING, rows(40), 3), seed=1)
    members = committee.members(torch.tensor([[0.1, 0.5], [0.3, 0.5]]).double())
    assert members.shape == (16, 2, 3)
    within, border = consensus_entropy(members).tolist()
    assert border > within
    again = ClassCommittee(fit_classes(ENCODING, rows(40), 3), seed=1)
    assert torch.equal(again.members(somewhere(5)), committee.members(somewhere(5)))


def test_the_likeliest_class_is_told_first() -> None:
    assert expected_label([0.2, 0.7, 0.1], ["a", "b", "c"]) == "b 70%, a 20%, c 10%"
    assert expected_label([0.1, 0.6, 0.2, 0.1], list("abcd")) == "b 60%, c 20%, a 10%, …"
