"""The block of a composition: fractions that sum to one, rounded so that the total stays exact."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from agent.core.compositions import CompositionParameter
from agent.core.values import Point
from agent.learn.blocks import Block, Floats, Part

Ticks = NDArray[np.int64]
_MOST_SUPPORTS = 5000
_LEVELS = 512


class CompositionBlock(Block):
    """Amounts as fractions of the total, a column and a lengthscale for each component.

    The part of n points is `n x k` fractions. Decoding projects onto the compositions that can be
    mixed: at most `max_present` components, each within its bounds, in whole steps, total exact.
    """

    smooth = True

    def __init__(self, parameter: CompositionParameter) -> None:
        self.parameter = parameter
        self.columns = parameter.columns
        self.width = len(self.columns)
        self.scales = tuple(range(self.width))
        self.cube = self.width + 1
        self.degrees = self.width - 1
        self.affine = (0.0, parameter.total)
        bounds = np.array([parameter.bounds(one) for one in parameter.components], dtype=np.int64)
        self._low, self._high = bounds[:, 0], np.minimum(bounds[:, 1], parameter.ticks)
        self._total = parameter.ticks

    def read(self, points: Sequence[Point]) -> Part:
        """Fractions, `n x k`."""
        rows = [[point.get(name) for name in self.columns] for point in points]
        numbers = [
            [value if isinstance(value, (int, float)) else np.nan for value in row] for row in rows
        ]
        return np.array(numbers, dtype=float).reshape(-1, self.width) / self.parameter.total

    def encode(self, part: Part) -> Floats:
        """The fractions themselves."""
        return np.array(part, dtype=float)

    def decode(self, encoded: Floats) -> Part:
        """The nearest compositions: bounded projection, then rounding by largest remainder."""
        wanted = np.clip(encoded, 0, None)
        present = self._support(wanted)
        low, high = np.where(present, self._low, 0), np.where(present, self._high, 0)
        return self._whole(_projected(wanted * self._total, low, high, self._total), high)

    def spread(self, cube: Floats) -> Part:
        """Uniform within the bounds; half of the points where components are absent, if they may be."""
        wishes, last = np.clip(cube[:, :-1], 1e-9, 1.0), cube[:, -1]
        most = self.parameter.present
        count = np.where(last < 0.5, most, 1 + np.floor((last - 0.5) * 2 * most).astype(int))
        present = self._possible(wishes.argsort(axis=1).argsort(axis=1) < count[:, None], wishes)
        # Who is present was read off the wishes: only their last digits are still free.
        free = np.where(present.all(axis=1, keepdims=True), wishes, (wishes * 97) % 1)
        amounts = np.zeros(wishes.shape)
        supports, member = np.unique(present, axis=0, return_inverse=True)
        for number, support in enumerate(supports):
            rows = np.flatnonzero(member.reshape(-1) == number)
            inside = free[np.ix_(rows, np.flatnonzero(support))]
            low, high = self._low[support], self._high[support]
            amounts[np.ix_(rows, np.flatnonzero(support))] = _within(inside, low, high, self._total)
        return self.decode(amounts / self._total)

    def every(self) -> Part:
        """Every mixture, rising component by component."""
        most, absent = self.parameter.present, self.parameter.may_be_absent()
        rows: Ticks = np.zeros((1, 0), dtype=np.int64)
        for at in range(self.width):
            low, high = self._low[at], self._high[at]
            amounts = np.arange(low, high + 1)
            if absent and low > 0:
                amounts = np.concatenate([[0], amounts])
            rows = np.hstack(
                [np.repeat(rows, len(amounts), 0), np.tile(amounts, len(rows))[:, None]]
            )
            left = self._total - rows.sum(1)
            used = (rows > 0).sum(1)
            rest_low = 0 if absent else self._low[at + 1 :].sum()
            tops = np.sort(self._high[at + 1 :])[::-1]
            reach = np.concatenate([[0], np.cumsum(tops)])
            room = reach[np.clip(most - used, 0, len(tops))]
            rows = rows[(used <= most) & (left >= rest_low) & (left <= room)]
        return rows / self._total

    def near(self, part: Part) -> Part:
        """One step, and a tenth of the total, from one component to another."""
        ticks = np.rint(part[0] * self._total).astype(np.int64)
        found = []
        for size in {1, max(self._total // 10, 1)}:
            for source, target in combinations(range(self.width), 2):
                for sign in (size, -size):
                    moved = ticks.copy()
                    moved[source] -= sign
                    moved[target] += sign
                    found.append(moved)
        return self.decode(np.array(found) / self._total)

    def lab(self, part: Part, names: frozenset[str]) -> dict[str, Part]:
        """Amounts in the parameter's unit."""
        total = self.parameter.total
        return {n: part[:, at] * total for at, n in enumerate(self.columns) if n in names}

    def point(self, part: Part, row: int) -> Point:
        """The amounts, in whole steps."""
        ticks = np.rint(part[row] * self._total)
        amount = self.parameter.amount
        return {name: amount(int(t)) for name, t in zip(self.columns, ticks, strict=True)}

    def limits(self, part: Part, row: int) -> tuple[Floats, Floats]:
        """Bounds of the fractions where the present components of a row stay those present."""
        present = (part[row] > 0) | (not self.parameter.may_be_absent())
        low, high = np.where(present, self._low, 0), np.where(present, self._high, 0)
        return low / self._total, high / self._total

    def _support(self, wanted: Floats) -> NDArray[np.bool_]:
        """Which components are present: the largest, as far as their bounds allow the total."""
        if not self.parameter.may_be_absent():
            return np.ones(wanted.shape, dtype=bool)
        order = (-wanted).argsort(axis=1, kind="stable").argsort(axis=1)
        present = (order < self.parameter.present) & (wanted > 0.25 / self._total)
        lows, highs = present @ self._low, present @ self._high
        for row in np.flatnonzero((lows > self._total) | (highs < self._total)):
            present[row] = self._nearest_support(wanted[row])
        return present

    def _possible(self, present: NDArray[np.bool_], wishes: Floats) -> NDArray[np.bool_]:
        """The same sets of components, with more or others of them where they cannot make the total."""
        if not self.parameter.may_be_absent():
            present = present | (self._low > 0)
            for next_wished in wishes.argsort(axis=1).T:
                short = np.flatnonzero(present @ self._high < self._total)
                present[short, next_wished[short]] = True
            return present
        lows, highs = present @ self._low, present @ self._high
        for row in np.flatnonzero((lows > self._total) | (highs < self._total)):
            present[row] = self._nearest_support(1 - wishes[row])
        return present

    def _nearest_support(self, wanted: Floats) -> NDArray[np.bool_]:
        """Of the sets of components that can make the total, that which holds most of `wanted`."""
        best, chosen, seen = -1.0, np.zeros(self.width, dtype=bool), 0
        order = [int(at) for at in (-wanted).argsort(kind="stable")]
        for size in range(self.parameter.present, 0, -1):
            for few in combinations(order, size):
                seen += 1
                at = list(few)
                fits = self._low[at].sum() <= self._total <= self._high[at].sum()
                held = float(wanted[at].sum())
                if fits and held > best:
                    best, chosen = held, np.isin(np.arange(self.width), at)
                if best >= 0 and seen > _MOST_SUPPORTS:
                    return chosen
        return chosen

    def _whole(self, exact: Floats, high: Ticks) -> Part:
        """Whole steps by largest remainder; the sum stays the total."""
        floor = np.floor(exact + 1e-9)
        remainder = np.where(floor < high, exact - floor, -1.0)
        missing = np.rint(self._total - floor.sum(1))
        order = (-remainder).argsort(axis=1, kind="stable").argsort(axis=1)
        whole: Floats = (floor + (order < missing[:, None])) / self._total
        return whole


def _within(cube: Floats, low: Ticks, high: Ticks, total: int) -> Floats:
    """Amounts within bounds that sum to the total, as uniform as `cube` (`n x k`) is.

    One component after the other, by how many ways there are for the others to make up the rest:
    the sum of k box functions, counted on a grid of what the lower bounds leave over.
    """
    slack = total - int(low.sum())
    if slack <= 0:
        return np.tile(low.astype(float), (len(cube), 1))
    levels = min(slack, _LEVELS)
    room = np.minimum(np.ceil((high - low) * levels / slack), levels).astype(int)
    ways = [(np.arange(levels + 1) <= room[-1]).astype(float)]
    for most in room[-2::-1]:
        summed = np.cumsum(ways[0])
        missed = np.concatenate([np.zeros(most + 1), summed])[: levels + 1]
        ways.insert(0, (summed - missed) / summed[-1])
    amounts, left = np.zeros(cube.shape), np.full(len(cube), levels)
    for at in range(len(room) - 1):
        summed = np.concatenate([[0.0], np.cumsum(ways[at + 1])])
        least = np.maximum(left - room[at], 0)
        wanted = summed[left + 1] + cube[:, at] * (summed[least] - summed[left + 1])
        rest = np.clip(np.searchsorted(summed, wanted, side="left") - 1, least, left)
        amounts[:, at], left = left - rest, rest
    amounts[:, -1] = left
    return low + amounts * slack / levels


def _projected(wanted: Floats, low: Ticks, high: Ticks, total: int) -> Floats:
    """The nearest t with `low <= t <= high` and `sum t = total`, by bisection of a shift."""
    under = -wanted.max(axis=1) - total
    over = np.full(len(wanted), 2.0 * total)
    for _ in range(70):
        middle = (under + over) / 2
        short = np.clip(wanted + middle[:, None], low, high).sum(1) < total
        under, over = np.where(short, middle, under), np.where(short, over, middle)
    projected: Floats = np.clip(wanted + over[:, None], low, high)
    return projected
