"""Classes: the probability of each at every point, learnt from points whose class is known."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from math import sqrt
from typing import Any

import numpy as np
import torch
from scipy.special import ndtri
from torch import Tensor
from torch.special import log_ndtr, ndtr

from agent.core.history import Row
from agent.core.values import Point, digest
from agent.errors import ModelError, ReplayError
from agent.learn.encoding import Encoding
from agent.learn.feasibility import VARIANCE, Feasibility, Labelled, Latent, likeliest
from agent.learn.posterior import CHUNK
from agent.learn.training import usable

KIND = "gaussian process classifiers, one against the rest"
"""What the state of a classifier is called."""

HALF = 8
"""Members of each sort of a committee: as many Gaussian processes as trees."""

_BLUR = 0.1
"""What is added to the latent variances: how far labels at one point may differ."""

_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(24)


class Classifier:
    """A Gaussian process classifier for each class against the rest (Rifkin & Klautau, 2004), each by
    Laplace's approximation (`agent.learn.feasibility`). A point has the class whose latent function is
    largest there, `P(c at x) = P(g_c(x) > every other g(x))`, by Gauss-Hermite sums over independent
    normals. The probabilities of the single processes, normalised, would be far too unsure
    (`docs/decisions/0024-classes.md`).

    Two classes have one process, that of the first: `P(g > 0)`.

    Args:
        X: Where a class is known, `n x d`, in the unit cube.
        y: The number of the class, `n`.
        scales: The number of the lengthscale of each column, `d`.
        latents: Hyperparameters, one a process.
        count: How many classes there are.
    """

    def __init__(
        self, X: Tensor, y: Tensor, scales: tuple[int, ...], latents: Sequence[Latent], count: int
    ) -> None:
        self.X, self.y, self.scales = X, y, scales
        self.latents, self.count = tuple(latents), count

    @cached_property
    def _parts(self) -> tuple[Feasibility, ...]:
        labelled = (
            _against(self.X, self.y, self.scales, number) for number in range(len(self.latents))
        )
        return tuple(Feasibility(*one) for one in zip(labelled, self.latents, strict=True))

    def probabilities(self, X: Tensor) -> Tensor:
        """Of each class at each of `n x d`: `n x k`, rows summing to one."""
        with torch.no_grad():
            return torch.cat([self._probabilities(part) for part in torch.split(X, CHUNK)])

    def _probabilities(self, X: Tensor) -> Tensor:
        pairs = [part.marginals(X) for part in self._parts]
        means = torch.stack([mean for mean, _ in pairs], dim=1)
        deviations = torch.stack([(variance + _BLUR).sqrt() for _, variance in pairs], dim=1)
        if self.count == 2:
            first = ndtr(means / deviations)
            return torch.cat([first, 1 - first], dim=1)
        return _largest(means, deviations)

    def likeliest(self, X: Tensor) -> Tensor:
        """The number of the likeliest class at each of `n x d`, the first of equals: `n`."""
        return self.probabilities(X).argmax(dim=1)

    def with_points(self, X: Tensor) -> "Classifier":
        """The same, as if points in flight (`m x d`) had come out as expected."""
        if not len(X):
            return self
        both, labels = torch.cat([self.X, X]), torch.cat([self.y, self.likeliest(X)])
        return Classifier(both, labels, self.scales, self.latents, self.count)

    def bagged(self, rows: Tensor) -> "Classifier":
        """The same, of some of its points (by index, which may stand twice)."""
        return Classifier(self.X[rows], self.y[rows], self.scales, self.latents, self.count)

    def state(self) -> dict[str, Any]:
        """What `restore_classes` needs beside the rows, as JSON."""
        return {
            "kind": KIND,
            "classes": self.count,
            "processes": [
                {"lengthscales": list(one.lengthscales), "variance": one.variance, "mean": one.mean}
                for one in self.latents
            ],
            "points_sha256": _hash(self.X, self.y),
        }


def fit_classes(encoding: Encoding, rows: Sequence[Row], count: int) -> Classifier:
    """The classes over the space. A row's value is the number of its class.

    Before anything is known each class is as likely as another one.

    Args:
        encoding: Of the space.
        rows: What was measured.
        count: How many classes there are.

    Raises:
        ModelError: no row can be used.
    """
    X, y = _told(encoding, rows)
    # P(c) = Phi(m / sqrt(1 + variance)) is 1 / k before any row.
    mean = float(ndtri(1 / count)) * sqrt(1 + VARIANCE)
    processes = 1 if count == 2 else count
    latents = [
        likeliest(_against(X, y, encoding.scales, number), mean) for number in range(processes)
    ]
    return Classifier(X, y, encoding.scales, latents, count)


def restore_classes(
    state: Mapping[str, Any], encoding: Encoding, rows: Sequence[Row]
) -> Classifier:
    """The classifier whose `state` was kept, from the same rows, without optimisation.

    Raises:
        ReplayError: the rows are not those that it learnt from.
    """
    X, y = _told(encoding, rows)
    if _hash(X, y) != state["points_sha256"]:
        raise ReplayError(
            "these are not the rows that the classifier learnt from",
            "a row was altered, added or taken away since",
        )
    latents = [
        Latent(tuple(one["lengthscales"]), one["variance"], one["mean"])
        for one in state["processes"]
    ]
    return Classifier(X, y, encoding.scales, latents, state["classes"])


class ClassCommittee:
    """Bagged classifiers at shared hyperparameters, and bagged extra trees (Geurts, 2006): members that
    saw different samples of the rows (Settles, 2009).

    Args:
        classifier: Fitted, with points in flight as expected.
        seed: Of the bootstrap samples and of the trees.
    """

    def __init__(self, classifier: Classifier, seed: int) -> None:
        random, count = np.random.default_rng(seed), len(classifier.y)
        bags = (torch.from_numpy(random.integers(0, count, count)) for _ in range(HALF))
        self._processes = [classifier.bagged(bag) for bag in bags]
        self._count = classifier.count
        # Imported here: scikit-learn brings pandas, 160 MB that no other policy needs.
        from sklearn.ensemble import ExtraTreesClassifier  # noqa: PLC0415

        trees = ExtraTreesClassifier(HALF, bootstrap=True, random_state=seed, n_jobs=1)
        forest = trees.fit(classifier.X.numpy(), classifier.y.numpy())
        self._trees, self._seen = forest.estimators_, torch.from_numpy(forest.classes_)

    def members(self, X: Tensor) -> Tensor:
        """The probabilities of every member at `n x d`: `members x n x k`."""
        numbers = X.numpy().astype(np.float32)
        found = [one.probabilities(X) for one in self._processes]
        for tree in self._trees:
            told = torch.zeros(len(X), self._count, dtype=torch.float64)
            told[:, self._seen] = torch.from_numpy(tree.predict_proba(numbers, check_input=False))
            found.append(told)
        return torch.stack(found)


def vote_entropy(members: Tensor) -> Tensor:
    """Entropy of the members' votes (Dagan & Engelson, 1995): `members x n x k` to `n`, in nats."""
    votes = torch.nn.functional.one_hot(members.argmax(dim=2), members.shape[2]).double()
    return entropy(votes.mean(dim=0))


def consensus_entropy(members: Tensor) -> Tensor:
    """Entropy of the members' mean probabilities (Settles, 2009): `members x n x k` to `n`, in nats."""
    return entropy(members.mean(dim=0))


def entropy(probabilities: Tensor) -> Tensor:
    """`- sum p log p` of each row (Shannon, 1948): `n x k` to `n`, in nats."""
    found: Tensor = torch.special.entr(probabilities).sum(dim=1)
    return found


def least_confidence(probabilities: Tensor) -> Tensor:
    """`1 - max p` of each row (Lewis & Gale, 1994): `n x k` to `n`."""
    found: Tensor = 1 - probabilities.max(dim=1).values
    return found


def margin(probabilities: Tensor) -> Tensor:
    """One minus the lead of the likeliest class over the next (Scheffer, Decomain & Wrobel, 2001): of
    each row, `n x k` to `n`.
    """
    first, second = torch.topk(probabilities, 2, dim=1).values.unbind(dim=1)
    return 1 - (first - second)


def expected_label(probabilities: Sequence[float], names: Sequence[str]) -> str:
    """The classes at a point with their probabilities, the likeliest first: `alpha 61 %, beta 38 %`."""
    order = sorted(range(len(names)), key=lambda at: -probabilities[at])
    told = [f"{names[at]} {probabilities[at]:.0%}" for at in order[:3]]
    return ", ".join(told) + (", …" if len(names) > 3 else "")


def predicted(classifier: Classifier, encoding: Encoding, points: Sequence[Point]) -> Tensor:
    """The probabilities of the classes at points: `n x k`."""
    return classifier.probabilities(encoding.encode(points))


def _largest(means: Tensor, deviations: Tensor) -> Tensor:
    """The probability that each of k independent normals is the largest: `n x k`, twice, to `n x k`."""
    nodes, weights = torch.from_numpy(_NODES), torch.from_numpy(_WEIGHTS / _WEIGHTS.sum())
    found = []
    for one in range(means.shape[1]):
        at = means[:, one, None] + deviations[:, one, None] * nodes
        others = [other for other in range(means.shape[1]) if other != one]
        apart = (at[:, None] - means[:, others, None]) / deviations[:, others, None]
        found.append(log_ndtr(apart).sum(dim=1).exp() @ weights)
    told = torch.stack(found, dim=1)
    return told / told.sum(dim=1, keepdim=True)


def _told(encoding: Encoding, rows: Sequence[Row]) -> tuple[Tensor, Tensor]:
    X, kept = usable(encoding, rows)
    if not kept:
        raise ModelError("there is no row to learn from", "measure at least one point first")
    return X, torch.tensor([round(row.value) for row in kept], dtype=torch.long)


def _against(X: Tensor, y: Tensor, scales: tuple[int, ...], number: int) -> Labelled:
    """One class against the rest."""
    return Labelled(X, torch.where(y == number, 1.0, -1.0).double(), scales)


def _hash(X: Tensor, y: Tensor) -> str:
    return digest([X.tolist(), y.tolist()])
