"""Campaigns on problems, one decision after the other, by the very function that runs them."""

import os
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch

from agent.core.guard import silent, watched
from agent.core.history import Row, key
from agent.core.policy import InitialDesign, Policy
from agent.core.seeds import derived
from agent.core.source import Source
from agent.core.transfer import TransferRule
from agent.decide.candidates import listed
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.fingerprint import fingerprint
from agent.learn.encoding import Encoding
from tests.benchmarks.kept import Kept
from tests.benchmarks.transfer.development import (
    HELPFUL,
    KINDS,
    MISLEADING,
    Kind,
    Relation,
    made,
)
from tests.benchmarks.transfer.problems import FORMS, Problem, data, recorded, synthetic

EXPERIMENTS = 30


@dataclass(frozen=True)
class Way:
    """How a campaign takes its sources.

    Attributes:
        rule: None: not at all.
        starts: The size of the initial design; None: the default.
    """

    rule: TransferRule | None = None
    starts: int | None = None


def _alone(method: str) -> Way:
    """One of the field's ways by itself, without our guard."""
    return Way(TransferRule(method=method, plain_every=0, off_below=0.0))  # type: ignore[arg-type]


WAYS: dict[str, Way] = {
    "none": Way(),
    "none, no starts": Way(starts=1),
    "priors": Way(TransferRule()),
    "priors, unguarded": Way(TransferRule(plain_every=0, off_below=0.0)),
    "plain in three": Way(TransferRule(plain_every=3)),
    "plain in four": Way(TransferRule(plain_every=4)),
    # Never within 30 experiments; the initial design still comes back.
    "plain in a thousand": Way(TransferRule(plain_every=1000)),
    "multi-task": _alone("multi_task"),
    "multi-task, free": _alone("multi_task_free"),
    "stacked": _alone("stacked"),
    "RGPE": _alone("rgpe"),
    "pooled": _alone("pooled"),
}


PEERS = ("BayBE", "BayBE, none", "Ax", "Ax, none")
"""Other people's programs, with their transfer and without."""


@dataclass(frozen=True)
class Task:
    """One campaign: a problem, a way, a seed, and how many rows each source has."""

    problem: str
    way: str
    seed: int
    rows: int = 40

    @property
    def name(self) -> str:
        """What it is kept under."""
        return f"{self.problem}|{self.way}|{self.seed}|{self.rows}"


def problems() -> Iterator[Problem]:
    """Every problem, in every form; recorded ones where they are to be had."""
    folder = data()
    if folder is not None:
        for problem in recorded(folder):
            for form in FORMS:
                yield problem.turned(form)
    yield from synthetic()


_DEVELOPMENT: dict[str, tuple[Kind, Relation]] = {
    f"{kind}, {relation}": (kind, relation)
    for kind in KINDS
    for relation in (*HELPFUL, *MISLEADING)
}


def development() -> list[str]:
    """Names of the problems that the method may be chosen on."""
    return list(_DEVELOPMENT)


def numbered(name: str, landscape: int) -> str:
    """The name of a development problem on one landscape, whatever the seed."""
    kind, _, relation = name.partition(", ")
    return f"{kind} #{landscape}, {relation}"


def problem_of(name: str, seed: int) -> Problem:
    """A problem by its name; of a development problem, the one of that seed or of its number."""
    kind, _, relation = name.partition(", ")
    kind, _, landscape = kind.partition(" #")
    known = _DEVELOPMENT.get(f"{kind}, {relation}")
    return _judged()[name] if known is None else made(*known, int(landscape or seed))


@lru_cache
def _judged() -> dict[str, Problem]:
    return {problem.name: problem for problem in problems()}


def trace(problem: Problem, way: Way, seed: int, rows: int = 40) -> list[float]:
    """The best score so far after each of 30 experiments."""
    sources = problem.drawn(seed, rows) if way.rule else ()
    policy = Policy(initial=InitialDesign(size=way.starts), transfer=way.rule or TransferRule())
    space = problem.space
    place = {key(point): number for number, point in enumerate(problem.points)}
    measured: list[Row] = []
    told: list[dict[str, float]] = []
    found: list[float] = []
    for number in range(EXPERIMENTS):
        situation = Situation(
            space,
            problem.objective,
            policy,
            tuple(measured),
            barred=absent(problem),
            sources=sources,
            silent=_silent(sources, told, policy),
            seed=derived(seed, number),
            started=number,
        )
        selection = propose(situation, 1)
        (choice,) = selection.choices
        told.append((selection.state or {}).get("trusted", {}))
        value = float(problem.values[place[key(choice.point)]])
        measured.append(Row(id=str(number), trial=str(number), point=choice.point, value=value))
        found.append(problem.objective.score(value))
    return np.maximum.accumulate(np.array(found)).tolist()  # type: ignore[no-any-return]


def _silent(
    sources: tuple[Source, ...], told: list[dict[str, float]], policy: Policy
) -> tuple[str, ...]:
    names = [source.name for source in sources]
    return silent(watched(names, told, policy.transfer.off_below))


def absent(problem: Problem) -> tuple[dict[str, Any], ...]:
    """Points of the space that the table does not have: they cannot be chosen."""
    whole = listed(Encoding.of(problem.space))
    if whole is None or len(whole) == len(problem.points):
        return ()
    known = {key(point) for point in problem.points}
    every = (whole.point(at) for at in range(len(whole)))
    return tuple(point for point in every if key(point) not in known)


Runs = Kept[Task]


def kept(path: Path) -> Runs:
    """Campaigns that were run, kept in a file of lines; only those of this very code count."""
    code = fingerprint()["code"]
    return Kept(path, _run, lambda _: code)


def _run(task: Task) -> tuple[Task, list[float]]:
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    warnings.simplefilter("ignore")
    problem = problem_of(task.problem, task.seed)
    if task.way in PEERS:
        return task, _of_peer(problem, task)
    return task, trace(problem, WAYS[task.way], task.seed, task.rows)


def _of_peer(problem: Problem, task: Task) -> list[float]:
    # Imported here: each takes seconds to load, and few campaigns are theirs.
    from tests.benchmarks.transfer import peer_ax, peer_baybe

    sources = () if task.way.endswith("none") else problem.drawn(task.seed, task.rows)
    peer = peer_baybe.trace if task.way.startswith("BayBE") else peer_ax.trace
    return peer(problem, sources, task.seed, EXPERIMENTS)
