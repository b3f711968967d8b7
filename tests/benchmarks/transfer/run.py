"""Make docs/results/transfer.json anew: what priors save, and what they cost when they mislead.

python tests/benchmarks/transfer/run.py [--seeds N] [--jobs J] [--only WORD ...]

With --seeds 0 only the time of a suggestion is measured; the other figures stay as they are.
Each seed is paired: the same sources' rows and the same decisions' seeds with and without priors.
"""

import argparse
import json
import os
import platform
import sys
import time
import warnings
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]

import numpy as np  # noqa: E402
import torch  # noqa: E402

from agent.core.history import Row, key  # noqa: E402
from agent.core.policy import InitialDesign, Policy  # noqa: E402
from agent.core.seeds import derived  # noqa: E402
from agent.decide.candidates import listed  # noqa: E402
from agent.decide.propose import propose  # noqa: E402
from agent.decide.situation import Situation  # noqa: E402
from agent.fingerprint import fingerprint  # noqa: E402
from agent.learn.encoding import Encoding  # noqa: E402
from tests.benchmarks.loop.run import git, ratio  # noqa: E402
from tests.benchmarks.transfer import suggestion  # noqa: E402
from tests.benchmarks.transfer.problems import FORMS, Floats, Problem, data, recorded, synthetic  # noqa: E402

TARGET = ROOT / "docs" / "results" / "transfer.json"
EXPERIMENTS = 30
METHODS = ("none", "none, no starts", "priors")
_BOOTSTRAPS = 2000


def problems() -> Iterator[Problem]:
    """Every problem, in every form."""
    folder = data()
    if folder is not None:
        for problem in recorded(folder):
            for form in FORMS:
                yield problem.turned(form)
    yield from synthetic()


def trace(problem: Problem, method: str, seed: int) -> Floats:
    """The best value so far after each of 30 experiments."""
    place = {key(point): number for number, point in enumerate(problem.points)}
    policy = Policy(initial=InitialDesign(size=1 if method == "none, no starts" else None))
    sources = problem.drawn(seed) if method == "priors" else ()
    absent = _missing(problem)
    rows: list[Row] = []
    found: list[float] = []
    for number in range(EXPERIMENTS):
        situation = Situation(
            problem.space,
            problem.objective,
            policy,
            tuple(rows),
            barred=tuple(absent),
            sources=sources,
            seed=derived(seed, number),
            started=number,
        )
        (choice,) = propose(situation, 1).choices
        value = float(problem.values[place[key(choice.point)]])
        rows.append(Row(id=str(number), trial=str(number), point=choice.point, value=value))
        found.append(value)
    return np.maximum.accumulate(np.array(found))


def _missing(problem: Problem) -> list[dict[str, Any]]:
    """Points of the space that the table does not have: they cannot be chosen."""
    whole = listed(Encoding.of(problem.space))
    if whole is None or len(whole) == len(problem.points):
        return []
    known = {key(point) for point in problem.points}
    every = (whole.point(at) for at in range(len(whole)))
    return [point for point in every if key(point) not in known]


def task(name: str, method: str, seed: int) -> tuple[str, str, int, list[float], float]:
    """One campaign, for another process."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    problem = _named(name)
    start = time.perf_counter()
    best = trace(problem, method, seed)
    return name, method, seed, best.tolist(), time.perf_counter() - start


_KEPT: dict[str, Problem] = {}


def _named(name: str) -> Problem:
    if not _KEPT:
        _KEPT.update({problem.name: problem for problem in problems()})
    return _KEPT[name]


def main() -> None:
    """Run every campaign, and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", nargs="*", default=[])
    asked = parser.parse_args()
    commit = git("rev-parse", "HEAD") + ("+" if git("status", "--porcelain", "agent") else "")
    figures = [] if asked.only else [ratio("suggestion_over_plain", suggestion.measure())]
    if asked.seeds:
        figures += _campaigns(asked.seeds, asked.jobs, asked.only)
    for figure in figures:
        print(
            f"{figure['name']}: {figure['value']:.3g} [{figure['low']:.3g}, {figure['high']:.3g}]"
        )
    if not asked.only:
        _write(figures, asked.seeds, commit)


def _campaigns(seeds: int, jobs: int, only: list[str]) -> list[dict[str, Any]]:
    """The figures of every campaign; of those problems only that one of the words names."""
    chosen = [one for one in problems() if not only or any(word in one.name for word in only)]
    tasks = [(p.name, m, seed) for seed in range(seeds) for p in chosen for m in METHODS]
    runs: dict[str, dict[str, dict[int, list[float]]]] = defaultdict(lambda: defaultdict(dict))
    with ProcessPoolExecutor(jobs) as pool:
        finished = pool.map(task, *zip(*tasks, strict=True))
        for done, (name, method, seed, best, _) in enumerate(finished, 1):
            runs[name][method][seed] = best
            if done % 50 == 0:
                print(f"{done} of {len(tasks)}", flush=True)
    return list(_figures(chosen, runs))


def _figures(
    chosen: list[Problem], runs: dict[str, dict[str, dict[int, list[float]]]]
) -> Iterator[dict[str, Any]]:
    """Ratios of the area under regret with priors to that without, and what they save."""
    random = np.random.default_rng(0)
    by_family: dict[str, list[tuple[Floats, Floats]]] = defaultdict(list)
    beside_bare: dict[str, list[tuple[Floats, Floats]]] = defaultdict(list)
    saved: dict[str, list[Floats]] = defaultdict(list)
    first: list[Floats] = []
    for problem in chosen:
        of = runs[problem.name]
        areas = {m: np.array([_area(problem, of[m][s]) for s in sorted(of[m])]) for m in METHODS}
        reach = {m: np.array([_reach(problem, of[m][s]) for s in sorted(of[m])]) for m in METHODS}
        pair = (areas["priors"], areas["none"])
        by_family[problem.family].append(pair)
        beside_bare[problem.family].append((areas["priors"], areas["none, no starts"]))
        saved[problem.family].append(reach["priors"] - reach["none"])
        slug = problem.name.replace(", ", "_").replace(" ", "_")
        yield _figure(f"auc_{slug}", _ratio(*pair), _spread([pair], random))
        bare = (areas["none, no starts"], areas["none"])
        yield _figure(f"nostarts_{slug}", _ratio(*bare), _spread([bare], random))
        if problem.family == "real":
            first.append((reach["priors"] == 1).astype(float))
            saved["to_top5"].append(reach["priors"].astype(float))
    for family, pairs in by_family.items():
        yield _figure(f"{family}_auc_ratio", _mean_ratio(pairs), _spread(pairs, random))
        yield _figure(f"{family}_auc_worst", max(_ratio(*pair) for pair in pairs), None)
        bare_pairs = beside_bare[family]
        over = f"{family}_auc_over_no_starts"
        yield _figure(over, _mean_ratio(bare_pairs), _spread(bare_pairs, random))
        yield _figure(f"{over}_worst", max(_ratio(*one) for one in bare_pairs), None)
        yield _mean(f"extra_to_top5_{family}", saved[family], random)
    if first:
        yield _mean("first_pick_top5", first, random)
        yield _mean("to_top5_real", saved["to_top5"], random)


def _area(problem: Problem, best: list[float]) -> float:
    return float(problem.regret(np.array(best)).mean())


def _reach(problem: Problem, best: list[float]) -> int:
    """Experiments to the best 5 %; one more than there were if it was never reached."""
    hits = np.flatnonzero(np.array(best) >= np.quantile(problem.values, 0.95))
    return int(hits[0]) + 1 if len(hits) else EXPERIMENTS + 1


def _ratio(ours: Floats, theirs: Floats) -> float:
    return float((ours.mean() + 1e-6) / (theirs.mean() + 1e-6))


def _mean_ratio(pairs: list[tuple[Floats, Floats]]) -> float:
    """The geometric mean over problems."""
    return float(np.exp(np.mean([np.log(_ratio(*pair)) for pair in pairs])))


def _spread(pairs: list[tuple[Floats, Floats]], random: np.random.Generator) -> tuple[float, float]:
    """95 % limits from a bootstrap over seeds, paired."""
    count = len(pairs[0][0])
    drawn = [
        _mean_ratio([(ours[some], theirs[some]) for ours, theirs in pairs])
        for some in random.integers(0, count, (_BOOTSTRAPS, count))
    ]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return float(low), float(high)


def _mean(name: str, values: list[Floats], random: np.random.Generator) -> dict[str, Any]:
    table = np.stack(values)
    count = table.shape[1]
    drawn = [table[:, some].mean() for some in random.integers(0, count, (_BOOTSTRAPS, count))]
    low, high = np.quantile(drawn, [0.025, 0.975])
    return _figure(name, float(table.mean()), (float(low), float(high)))


def _figure(name: str, value: float, limits: tuple[float, float] | None) -> dict[str, Any]:
    low, high = limits or (value, value)
    return {"name": name, "value": round(value, 4), "low": round(low, 4), "high": round(high, 4)}


def _write(figures: list[dict[str, Any]], seeds: int, commit: str) -> None:
    print_of = fingerprint()
    old = json.loads(TARGET.read_text()) if TARGET.exists() else {"figures": [], "command": ""}
    names = {figure["name"] for figure in figures}
    figures = [*figures, *(one for one in old["figures"] if one["name"] not in names)]
    document = {
        "command": f"make bench-transfer SEEDS={seeds}" if seeds else old["command"],
        "commit": commit,
        "versions": {k: v for k, v in print_of.items() if k not in {"machine", "processor"}},
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, {print_of['processor']}",
        "figures": sorted(figures, key=lambda figure: str(figure["name"])),
    }
    TARGET.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
