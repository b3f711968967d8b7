"""Campaigns where experiments differ in what they cost: how far costs are to take part in the choice.

Chosen on made-up landscapes, a new one for each seed (`run.py --development costs`, and `changeovers` where
it is the change from one experiment to the next that costs).
"""

import warnings
from concurrent.futures import ProcessPoolExecutor
from typing import Literal, get_args

import numpy as np
import torch

from agent.core.budget import Cost, Spending
from agent.core.history import Row, key
from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.core.seeds import derived
from agent.core.values import Point
from agent.decide.propose import propose
from agent.decide.situation import Situation
from tests.benchmarks.transfer.development import Kind, landscape
from tests.benchmarks.transfer.problems import Floats

Way = Literal["never", "always", "cooled"]
"""Costs take no part; the gain is divided by the cost; by a power of it, the budget's part that is left."""

WAYS: tuple[Way, ...] = get_args(Way)
KINDS: tuple[Kind, ...] = ("field 2", "field 4", "smooth", "reaction")
LIMIT = 80.0


def _formula(formula: str) -> Cost:
    return Cost(limit=LIMIT, unit="EUR", formula=formula)


def _change(changeover: str) -> Cost:
    return Cost(limit=LIMIT, unit="EUR", per_experiment=1, changeover=changeover)


COSTS: dict[Kind, Cost] = {
    "field 2": _formula("exp(2.3 * d0)"),
    "field 4": _formula("exp(2.3 * d0)"),
    "smooth": _formula("exp(2.3 * d1)"),
    "reaction": _formula("1 + 2 * (r0 == '000') + 5 * (r0 == '001') + 9 * (r0 == '002')"),
}
"""From 1 to about 10, by one parameter."""

CHANGES: dict[Kind, Cost] = {
    "field 2": _change("9 * abs(d0 - d0_before)"),
    "field 4": _change("9 * (abs(d0 - d0_before) > 0.05)"),
    "smooth": _change("3 * max(d1 - d1_before, 3 * (d1_before - d1))"),
    "reaction": _change("5 * (r0 != r0_before)"),
}
"""By one parameter: by how far it goes, whether it does, more the one way than the other, by its name."""

_GRID = 40


def develop(seeds: int, jobs: int, costs: dict[Kind, Cost] = COSTS) -> None:
    """Print the mean regret over the money spent, and at its end, in deviations of the landscape."""
    work = [(kind, seed, way) for kind in KINDS for seed in range(seeds) for way in WAYS]
    priced = [costs[kind] for kind, *_ in work]
    with ProcessPoolExecutor(jobs) as pool:
        played = pool.map(regrets, *zip(*work, strict=True), priced)
        found = dict(zip(work, played, strict=True))
    for kind in KINDS:
        for way in WAYS:
            told = np.array([found[kind, seed, way] for seed in range(seeds)])
            area, last = told.mean(axis=1), told[:, -1]
            print(f"{kind:9} {way:7} area {area.mean():.3f} end {last.mean():.3f}", flush=True)
    for way in WAYS[1:]:
        pairs = [
            np.mean(found[kind, seed, way]) - np.mean(found[kind, seed, "never"])
            for kind in KINDS
            for seed in range(seeds)
        ]
        error = np.std(pairs, ddof=1) / np.sqrt(len(pairs))
        print(f"{way} less never: {np.mean(pairs):.3f} ± {1.96 * error:.3f} (95 %)", flush=True)


def develop_changes(seeds: int, jobs: int) -> None:
    """The same where changes cost something."""
    develop(seeds, jobs, CHANGES)


def regrets(kind: Kind, seed: int, way: Way, cost: Cost) -> Floats:
    """The regret when so much is spent, at even steps of the limit."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    random = np.random.default_rng([seed, KINDS.index(kind), 77])
    land = landscape(kind, random)
    values = land.draw(random)
    answers = {key(point): float(value) for point, value in zip(land.points, values, strict=True)}
    policy = Policy(per_cost=way)
    rows: list[Row] = []
    present: Point = {}
    spent, told = [0.0], [float(values.max() - np.median(values))]
    while True:
        left = LIMIT - spent[-1]
        situation = Situation(
            land.space,
            Objective(name="y", unit="1", goal="maximise"),
            policy,
            tuple(rows),
            spending=Spending(cost=cost, left=left, present=present),
            seed=derived(seed, len(rows)),
            started=len(rows),
        )
        chosen = propose(situation, 1).choices
        if not chosen:
            break
        point = chosen[0].point
        settings = land.space.spelled(point)
        change = cost.change(present, settings) if present else 0.0
        spent.append(spent[-1] + cost.of(settings) + change)
        present = settings
        name = str(len(rows))
        rows.append(Row(id=name, trial=name, point=point, value=answers[key(point)]))
        told.append(float(values.max() - max(row.value for row in rows)))
    grid = np.linspace(0, LIMIT, _GRID + 1)[1:]
    at = np.searchsorted(np.array(spent), grid + 1e-9, side="right") - 1
    found: Floats = np.array(told)[at]
    return found
