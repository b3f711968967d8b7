"""Tests that may be looked at after every result: betting against a hypothesis, fairly.

Each gives the logarithm of an e-value: what one unit of money has become that was bet, result by
result, against standardised residuals being what they should be. If they are, it exceeds a at any
time of a campaign, however often that is looked at, with a probability of at most 1/a (Ville, 1939).
"""

from collections.abc import Sequence
from math import exp, log
from typing import NamedTuple

FARTHEST = 3.29
"""Residuals beyond so many deviations count as so large: one wrong reading alone proves nothing."""

APART = 5
"""A change is looked for where at least so many results are on either side."""


class Change(NamedTuple):
    """How much speaks for a change (`log_e`), and where it is likeliest: how many came before it."""

    log_e: float
    before: int


def scaled(offs: Sequence[float], factors: Sequence[float]) -> float:
    """Against a standard deviation of 1, for one of `factors`, which are bet on alike:
    `mean_k prod_t N(z_t; 0, k^2) / N(z_t; 0, 1)`.

    With factors above 1 it is fair, too, where deviations are less than 1, and the other way round.
    """
    squares = sum(min(abs(z), FARTHEST) ** 2 for z in offs)
    bets = [-len(offs) * log(k) + squares * (1 - k**-2) / 2 for k in factors]
    return _log_mean(bets)


def shifted(offs: Sequence[float]) -> float:
    """Against a mean of 0, whatever the deviation: the t-test of Lai (1976) with a standard normal
    prior of the shift in deviations, `(n+1)^(-1/2) (1 - (sum z)^2 / ((n+1) sum z^2))^(-n/2)`, which
    is a test martingale (Wang & Ramdas, 2025).
    """
    z, n = _clipped(offs), len(offs)
    squares = sum(one * one for one in z)
    if not squares:
        return 0.0
    return -log(n + 1) / 2 - n / 2 * log(1 - sum(z) ** 2 / ((n + 1) * squares))


def changed(offs: Sequence[float]) -> Change:
    """Against a mean that stays, whatever it and the deviation are.

    The same test for the difference between the first m and the others, with a bet of
    `5 / (m (m + 1))` on each m from 5 on: of what is told to neither the mean nor the deviation, that
    is a test martingale. Bets on changes with fewer than five results since count for nothing yet.
    """
    z, n = _clipped(offs), len(offs)
    mean = sum(z) / n if n else 0.0
    squares = sum((one - mean) ** 2 for one in z)
    if not squares or n < 2 * APART:
        return Change(0.0, n)
    bets, before = [], sum(z[: APART - 1])
    for m in range(APART, n - APART + 1):
        before += z[m - 1]
        share = m * (n - m) / n
        apart = before - m * mean
        told = apart * apart / ((share + 1) * squares)
        grown = -log(share + 1) / 2 - (n - 1) / 2 * log(1 - told)
        bets.append(grown + log(APART / (m * (m + 1))))
    likeliest = max(range(len(bets)), key=bets.__getitem__)
    return Change(_log_mean(bets) + log(len(bets)), likeliest + APART)


def _clipped(offs: Sequence[float]) -> list[float]:
    return [min(max(z, -FARTHEST), FARTHEST) for z in offs]


def _log_mean(logs: Sequence[float]) -> float:
    most = max(logs)
    return most + log(sum(exp(one - most) for one in logs) / len(logs))
