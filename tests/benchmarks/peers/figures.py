"""Figures from runs: experiments to the best of a table, as ratios of geometric means."""

from collections.abc import Iterator, Sequence

import numpy as np

from tests.benchmarks.peers.strategies import OURS, OWN_START, PEERS
from tests.benchmarks.transfer.figures import Figure, figure, mean, slug
from tests.benchmarks.transfer.problems import Floats

Counts = dict[str, dict[str, Floats]]
"""Contest -> method -> experiments until the best 1 % and 5 % were reached, `seeds x 2`."""

HIGH = 6
"""Dimensions from which a contest counts for `acceleration_6d`."""

_BOOTSTRAPS = 2000


def ratio(pairs: Sequence[tuple[Floats, Floats]]) -> float:
    """The geometric mean of `a / b` over seeds and shares, then over contests; each `seeds x 2`."""
    return float(np.exp(np.mean([np.log(a / b).mean() for a, b in pairs])))


def ratios(name: str, pairs: Sequence[tuple[Floats, Floats]]) -> Figure:
    """A ratio with 95 % limits from a bootstrap over the seeds of each contest, paired."""
    random = np.random.default_rng(0)
    logs = [np.log(a / b).mean(axis=1) for a, b in pairs]
    drawn = np.mean(
        [each[random.integers(0, len(each), (_BOOTSTRAPS, len(each)))].mean(1) for each in logs], 0
    )
    low, high = np.exp(np.quantile(drawn, [0.025, 0.975]))
    value = ratio(pairs)
    return figure(name, value, (min(float(low), value), max(float(high), value)))


def typical(counts: Floats) -> Floats:
    """The geometric mean over seeds, for the best 1 % and 5 %."""
    mean: Floats = np.exp(np.log(counts).mean(axis=0))
    return mean


def best_peer(counts: Counts) -> str:
    """The one peer that needs the fewest experiments over all contests."""
    some = next(iter(counts.values()))
    spent = {
        peer: sum(float(np.log(of[peer]).mean()) for of in counts.values())
        for peer in PEERS
        if peer in some
    }
    return min(spent, key=lambda peer: spent[peer])


def figures(
    counts: Counts, dimensions: dict[str, int], budgets: dict[str, int]
) -> Iterator[Figure]:
    """Every figure of the contests.

    Args:
        counts: What each method has needed.
        dimensions: Of each contest.
        budgets: Experiments that each contest allows.
    """
    methods = list(next(iter(counts.values())))
    if set(methods) & set(PEERS):
        yield from _beside_best(counts)
    for name, of in counts.items():
        if OWN_START in of:
            yield ratios(f"over_own_start_{slug(name)}", [(of[OURS], of[OWN_START])])
    high = [of for name, of in counts.items() if dimensions[name] >= HIGH]
    if high and "random" in methods:
        yield ratios("acceleration_6d", [(of["random"], of[OURS]) for of in high])
    yield from _each(counts, methods)
    for one in methods:
        missed = [of[one][:, 0] > budgets[name] for name, of in counts.items()]
        yield mean(f"missed_top1_{slug(one)}", [np.concatenate(missed).astype(float)])


def _beside_best(counts: Counts) -> Iterator[Figure]:
    best = best_peer(counts)
    of_set = {name: (of[OURS], of[best]) for name, of in counts.items()}
    yield ratios("experiments_over_best_peer", list(of_set.values()))
    for name, pair in of_set.items():
        yield ratios(f"over_best_peer_{slug(name)}", [pair])
    worst = max(of_set, key=lambda name: ratio([of_set[name]]))
    yield ratios("worst_set_over_best_peer", [of_set[worst]])


def _each(counts: Counts, methods: list[str]) -> Iterator[Figure]:
    for one in methods:
        if one != OURS:
            pairs = [(of[OURS], of[one]) for of in counts.values()]
            yield ratios(f"experiments_over_{slug(one)}", pairs)
        if one in PEERS and one != "gp_ei" and "gp_ei" in methods:
            yield ratios(f"{one}_over_gp_ei", [(of[one], of["gp_ei"]) for of in counts.values()])
        for column, share in enumerate(("top1", "top5")):
            each = [(of[one][:, [column]], np.ones((len(of[one]), 1))) for of in counts.values()]
            yield ratios(f"to_{share}_{slug(one)}", each)


def line(name: str, of: dict[str, Floats]) -> str:
    """What each method has needed on a contest, in a line."""
    told = {method: typical(counts) for method, counts in of.items()}
    return f"{name:22}" + "  ".join(
        f"{method} {top1:.1f} {top5:.1f}" for method, (top1, top5) in told.items()
    )
