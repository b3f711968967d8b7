"""How often a result is called in question that is none, and how often one that is: on made-up landscapes.

Every landscape is played with normal noise, with heavy-tailed noise, and with normal noise among which
one reading in twenty is a gross error. All values are learnt, right and wrong: what is counted is which
of them would have been held back.
"""

import warnings
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from typing import NamedTuple

import numpy as np

from agent.core.history import Row, key
from agent.core.policy import Policy
from agent.core.question import ENOUGH, expected
from agent.core.record import Tested, noise_of
from agent.core.seeds import derived
from agent.decide.propose import propose
from agent.decide.situation import Situation
from tests.benchmarks.transfer.development import KINDS, made

EXPERIMENTS = 40
NOISES = ("none", "normal", "heavy", "errors")
SIZE = 0.1
"""Standard deviation of the noise (its scale, where tails are heavy), of the landscape's."""

_ERRORS = 0.05
_HEAVY = 3
"""Degrees of freedom of Student's t: one reading in 30 is more than three scales off."""


class Asked(NamedTuple):
    """One result that a long enough record could speak against."""

    fired: bool
    wrong: bool
    better: bool


def develop(seeds: int, jobs: int) -> None:
    """Print, for each noise, how many results there were, and how many were called in question."""
    for noise in NOISES:
        work = [(kind, noise, seed) for kind in KINDS for seed in range(seeds)]
        with ProcessPoolExecutor(jobs) as pool:
            every = list(pool.map(_asked, work))
        _show(noise, every)


def _show(noise: str, every: Sequence[Sequence[Asked]]) -> None:
    told = [one for each in every for one in each]
    right, wrong = [one for one in told if not one.wrong], [one for one in told if one.wrong]
    fired = [one for one in right if one.fired]
    print(f"{noise}: {len(every)} campaigns, {len(told)} results; of {len(right)} that were right "
          f"{len(fired)} in question ({len(fired) / len(right):.4f}), {len(fired) / len(every):.2f} "
          f"a campaign, {sum(one.better for one in fired)} of them better than predicted")  # fmt: skip
    if wrong:
        found = sum(one.fired for one in wrong)
        print(f"  of {len(wrong)} gross errors {found} in question ({found / len(wrong):.2f})")


def _asked(work: tuple[str, str, int]) -> list[Asked]:
    warnings.simplefilter("ignore")
    kind, noise, seed = work
    return list(_played(kind, noise, seed))  # type: ignore[arg-type]


def _played(kind: str, noise: str, seed: int) -> Iterator[Asked]:
    problem = made(kind, "close", seed)  # type: ignore[arg-type]
    truth = {key(one): float(v) for one, v in zip(problem.points, problem.values, strict=True)}
    random = np.random.default_rng([seed, KINDS.index(kind), 202])  # type: ignore[arg-type]
    rows: list[Row] = []
    record: list[Tested] = []
    for number in range(EXPERIMENTS):
        situation = Situation(problem.space, problem.objective, Policy(), tuple(rows),
                              record=tuple(record), seed=derived(seed, number), started=number)  # fmt: skip
        selection = propose(situation, 1)
        (choice,) = selection.choices
        off, wrong = _off(noise, random)
        value = truth[key(choice.point)] + off
        rows.append(Row(id=str(number), trial=str(number), point=choice.point, value=value))
        if not choice.prediction or selection.state is None:
            continue
        mean, sd = choice.prediction[problem.objective.name]
        told = expected(mean, sd, record, noise_of(selection.state, problem.objective.name))
        if len(record) >= ENOUGH and told is not None:
            score = problem.objective.score
            yield Asked(not told.holds(value), wrong, score(value) > score(mean))
        record.append(Tested(mean=mean, sd=sd, value=value))


def _off(noise: str, random: np.random.Generator) -> tuple[float, bool]:
    """How far a reading is off, and whether that is a gross error."""
    normal, heavy = SIZE * random.standard_normal(), SIZE * random.standard_t(_HEAVY)
    gross, sign = random.random() < _ERRORS, random.choice([-1.0, 1.0])
    match noise:
        case "none":
            return 0.0, False
        case "heavy":
            return heavy, False
        case "errors" if gross:
            return sign * 5.0, True
    return normal, False
