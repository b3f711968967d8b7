"""Make docs/results/transfer.json anew: what priors save, and what they cost when they mislead.

python tests/benchmarks/transfer/run.py [--seeds N] [--paired N] [--jobs J] [--only PART ...]

Campaigns that were run are kept in build/transfer.jsonl, so that a run that was ended goes on. Each
seed is paired: the same rows of the sources and the same decisions' seeds with and without priors.
"""

import argparse
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT)]
warnings.simplefilter("ignore")

import numpy as np  # noqa: E402

from tests.benchmarks.loop.run import ratio as spread  # noqa: E402
from tests.benchmarks.transfer import reduced, scale, suggestion  # noqa: E402
from tests.benchmarks.transfer.campaigns import (  # noqa: E402
    WAYS,
    Runs,
    Task,
    development,
    kept,
    numbered,
    problem_of,
    problems,
)
from tests.benchmarks.transfer.figures import (  # noqa: E402
    Figure,
    Table,
    base,
    figure,
    known,
    limits,
    mean,
    mean_ratio,
    ratio,
    ratios,
    slug,
)
from tests.benchmarks.transfer.problems import Floats  # noqa: E402
from tests.benchmarks.written import commit, figures_of, write  # noqa: E402

KEPT = ROOT / "build" / "transfer.jsonl"
BOUNDS = {"real": 1.05, "adversarial": 1.10, "helpful": 1.10}
"""A ratio above that, of one problem, is looked at with more seeds."""

_AGAIN = 1000
"""The noise floor: the same campaigns without priors on other seeds."""


class Asked(argparse.Namespace):
    """What is asked for."""

    seeds: int
    paired: int
    jobs: int
    only: list[str]
    landscapes: int
    ways: list[str]


def families() -> dict[str, list[str]]:
    """Problems by their family."""
    found: dict[str, list[str]] = {}
    for problem in problems():
        found.setdefault(problem.family, []).append(problem.name)
    return found


def campaigns(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """Priors beside no priors on every problem; then more seeds for what looks worst."""
    by_family = families()
    every = [name for names in by_family.values() for name in names]
    known(every)
    seeds = range(asked.seeds)
    runs.of(_tasks(every, seeds), asked.jobs)
    table = Table(runs, seeds)
    for name in every:
        yield ratios(f"auc_{slug(name)}", [table.pair(name, "priors")])
    for name in dict.fromkeys(base(one) for one in every):
        pair = (table.areas(name, "none, no starts"), table.areas(name, "none"))
        yield ratios(f"nostarts_{slug(name.split(',')[0])}", [pair])
    for family, names in by_family.items():
        yield from _family(table, family, names)
    yield from _first(table, by_family["real"])
    yield from _worst(runs, asked, by_family)


def _tasks(names: list[str], seeds: range) -> list[Task]:
    whole = [Task(name, "priors", seed) for seed in seeds for name in names]
    for name in dict.fromkeys(base(one) for one in names):
        whole += [Task(name, way, s) for way in ("none", "none, no starts") for s in seeds]
    return whole


def _family(table: Table, family: str, names: list[str]) -> Iterator[Figure]:
    pairs = [table.pair(name, "priors") for name in names]
    yield ratios(f"{family}_auc_ratio", pairs)
    bare = [table.pair(name, "priors", "none, no starts") for name in names]
    yield ratios(f"{family}_auc_over_no_starts", bare)
    extra = [table.reach(name, "priors") - table.reach(base(name), "none") for name in names]
    yield mean(f"extra_to_top5_{family}", extra)
    each = [mean(family, [one]) for one in extra]
    worst = max(each, key=lambda one: one["value"])
    yield {**worst, "name": f"extra_to_top5_{family}_worst"}
    yield figure(f"extra_over_two_{family}", sum(one["low"] > 2 for one in each))


def _first(table: Table, real: list[str]) -> Iterator[Figure]:
    reach = [table.reach(name, "priors") for name in real]
    yield mean("to_top5_real", reach)
    yield mean("to_top5_real_none", [table.reach(base(name), "none") for name in real])
    yield mean("first_pick_top5", [(one == 1).astype(float) for one in reach])


def _worst(runs: Runs, asked: Asked, by_family: dict[str, list[str]]) -> Iterator[Figure]:
    """The largest ratio of one problem, and of one that has not been told from its bound by more
    seeds: those whose ratio is above the bound are run with `paired` seeds.
    """
    for family, names in by_family.items():
        few = Table(runs, range(asked.seeds))
        suspects = [n for n in names if ratio(*few.pair(n, "priors")) > BOUNDS[family]]
        more = range(max(asked.paired, asked.seeds))
        runs.of(_tasks(suspects, more), asked.jobs)
        many = Table(runs, more)
        found = {n: few.pair(n, "priors") for n in names if n not in suspects}
        found |= {n: many.pair(n, "priors") for n in suspects}
        value = {name: ratio(*pair) for name, pair in found.items()}
        worst = max(value, key=lambda name: value[name])
        yield figure(f"{family}_auc_worst", value[worst], limits([found[worst]]))
        over = sum(limits([found[name]])[0] > BOUNDS[family] for name in names)
        yield figure(f"{family}_over_bound", over)
        for name in suspects:
            yield ratios(f"auc_{slug(name)}", [found[name]])
            extra = many.reach(name, "priors") - many.reach(base(name), "none")
            yield mean(f"extra_to_top5_{slug(name)}", [extra])


def floor(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """How far a campaign without priors is from itself on other seeds."""
    every = [name for names in families().values() for name in names]
    known(every)
    names = list(dict.fromkeys(base(one) for one in every))
    seeds = range(asked.seeds)
    both = [*seeds, *(seed + _AGAIN for seed in seeds)]
    runs.of([Task(name, "none", seed) for name in names for seed in both], asked.jobs)
    table = Table(runs, seeds)
    pairs = [(table.areas(name, "none", _AGAIN), table.areas(name, "none")) for name in names]
    apart = [max(ratio(*pair), 1 / ratio(*pair)) for pair in pairs]
    yield figure("noise_floor_mean", float(np.exp(np.mean(np.log(apart)))))
    yield figure("noise_floor_worst", max(apart))


_OTHERS = ("priors, unguarded", "stacked", "RGPE", "pooled")
_JOINT = ("multi-task", "multi-task, free")


def alternatives(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """The field's ways of transfer by themselves, and ours on the same work and the same seeds."""
    for way in ("priors", *_OTHERS):
        yield from _alternative(runs, way, range(asked.seeds), asked.jobs, ("",))


def joint(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """The same of those that couple all rows in one covariance. They take minutes a campaign, as the
    peers do, and are run on the peers' problems.
    """
    seeds = range(min(asked.seeds, _PEER_SEEDS))
    for way in _JOINT:
        yield from _alternative(runs, way, seeds, asked.jobs, _PEER_PROBLEMS)


def _alternative(
    runs: Runs, way: str, seeds: range, jobs: int, begun: tuple[str, ...]
) -> Iterator[Figure]:
    """A way of transfer on the problems whose names begin like that."""
    by_family = families()
    every = [name for names in by_family.values() for name in names]
    known(every)
    some = [name for name in every if name.startswith(begun)]
    runs.of([*_tasks(some, seeds), *(Task(n, way, s) for s in seeds for n in some)], jobs)
    table = Table(runs, seeds)
    for family, members in by_family.items():
        names = [name for name in members if name in some]
        pairs = [table.pair(name, way) for name in names]
        name = f"{slug(way)}_{family}"
        yield ratios(f"{name}_auc_ratio", pairs)
        yield figure(f"{name}_auc_worst", max(ratio(*pair) for pair in pairs))


_PEER_SEEDS = 2
_PEER_PROBLEMS = (
    "photo wf3",
    "perovskites",
    "branin, helpful",
    "branin, negated",
    "branin, deceptive",
)


_AX_PROBLEMS = ("photo wf3", "perovskites")
"""A campaign of Ax's takes twice as long; on a pool of 1,000 points, a quarter of an hour."""


def baybe(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """BayBE's `TaskParameter` on what it can do in minutes a campaign."""
    yield from _peer(runs, asked, "BayBE", _PEER_PROBLEMS)


def ax(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """Ax's transfer generator on the recorded ones of them."""
    yield from _peer(runs, asked, "Ax", _AX_PROBLEMS)


def _peer(runs: Runs, asked: Asked, who: str, begun: tuple[str, ...]) -> Iterator[Figure]:
    """A peer beside no transfer of ours, beside its own, and what ours does there."""
    by_family = families()
    every = [name for names in by_family.values() for name in names]
    known(every)
    names = [name for name in every if name.startswith(begun)]
    seeds = range(min(asked.seeds, _PEER_SEEDS))
    tasks = [*_tasks(names, seeds), *(Task(n, who, s) for s in seeds for n in names)]
    tasks += [Task(base(n), f"{who}, none", s) for s in seeds for n in names]
    runs.of(tasks, asked.jobs)
    table = Table(runs, seeds)
    for family, members in by_family.items():
        some = [name for name in members if name in names]
        if not some:
            continue
        pairs = [table.pair(name, who) for name in some]
        yield ratios(f"{slug(who)}_{family}_auc_ratio", pairs)
        yield figure(f"{slug(who)}_{family}_auc_worst", max(ratio(*pair) for pair in pairs))
        own = [table.pair(name, who, f"{who}, none") for name in some]
        yield ratios(f"{slug(who)}_{family}_auc_over_its_none", own)
        same = [table.pair(name, "priors") for name in some]
        yield ratios(f"ours_beside_{slug(who)}_{family}_auc_ratio", same)


def buchwald(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """Best yield after five experiments, as others have published it: with 40 rows, and with all."""
    for target in "cde":
        name = f"buchwald {target}"
        for rows, end in ((40, ""), (4000, "_all")):
            seeds = range(asked.seeds)
            runs.of([Task(name, "priors", seed, rows) for seed in seeds], asked.jobs)
            best = [runs.best(Task(name, "priors", seed, rows))[4] for seed in seeds]
            yield mean(f"buchwald_{target}_at_5{end}", [np.array(best)])


def time_of_a_suggestion(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """A suggestion with three sources of 100 rows beside plain BoTorch's without."""
    del runs, asked
    yield spread("suggestion_over_plain", suggestion.measure())


def scaled(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """20 sources of 400 rows and 100,000 candidates: seconds, and memory beside no sources."""
    del runs, asked
    for name, value in scale.measure().items():
        yield figure(f"scale_{name}", value)


def reduction(runs: Runs, asked: Asked) -> Iterator[Figure]:
    """What is lost when sources of more than 400 rows are learnt from 400."""
    del runs, asked
    told = [
        pair
        for problem in problems()
        if problem.family == "real" or problem.name.endswith("helpful")
        for pair in reduced.both(problem, 0)
    ]
    errors = (np.array([few.error for few, _ in told]), np.array([all_.error for _, all_ in told]))
    yield ratios("reduced_error_ratio", [errors])
    yield mean("reduced_regret_extra", [np.array([few.regret - all_.regret for few, all_ in told])])


PARTS: dict[str, Callable[[Runs, Asked], Iterator[Figure]]] = {
    "suggestion": time_of_a_suggestion,
    "scale": scaled,
    "reduction": reduction,
    "campaigns": campaigns,
    "floor": floor,
    "buchwald": buchwald,
    "alternatives": alternatives,
    "joint": joint,
    "baybe": baybe,
    "ax": ax,
}


def developed(runs: Runs, asked: Asked, words: list[str]) -> None:
    """Print how the method does on what it may be chosen on; nothing is written.

    Each seed is a landscape of its own; or so many landscapes are looked at one by one, as each of
    the judged problems is.
    """
    every = [name for name in development() if not words or any(word in name for word in words)]
    if asked.landscapes:
        every = [numbered(name, one) for name in every for one in range(asked.landscapes)]
    known(every)
    seeds = range(asked.seeds)
    others = [Task(name, way, seed) for way in asked.ways for seed in seeds for name in every]
    runs.of([*_tasks(every, seeds), *others], asked.jobs)
    table = Table(runs, seeds)
    by_family: dict[str, list[str]] = {}
    for name in every:
        by_family.setdefault(problem_of(name, 0).family, []).append(name)
    for family, names in by_family.items():
        for way in asked.ways:
            _print_way(table, f"{family}, {way}", names, way)


def _print_way(table: Table, title: str, names: list[str], way: str) -> None:
    pairs = [table.pair(name, way) for name in names]
    bare = [table.pair(name, way, "none, no starts") for name in names]
    value = {name: ratio(*pair) for name, pair in zip(names, pairs, strict=True)}
    worst = max(value, key=lambda name: value[name])
    print(f"{title}: {mean_ratio(pairs):.3f} {limits(pairs)}, worst {value[worst]:.2f} ({worst}),"
          f" over no starts {mean_ratio(bare):.3f}, harm {_harm(pairs):.3f}")  # fmt: skip
    print("   ", ", ".join(f"{name} {one:.2f}" for name, one in value.items()))


def _harm(pairs: list[tuple[Floats, Floats]]) -> float:
    """The regret that problems have more than without sources, as a share of all without them."""
    lost = sum(max(float(ours.mean() - theirs.mean()), 0.0) for ours, theirs in pairs)
    return lost / sum(float(theirs.mean()) for _, theirs in pairs)


def main() -> None:
    """Run the parts, and write the file after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--paired", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=list(PARTS))
    parser.add_argument("--development", nargs="*", metavar="WORD", default=None)
    parser.add_argument("--landscapes", type=int, default=0)
    parser.add_argument("--ways", nargs="*", choices=WAYS, default=["priors"])
    asked = parser.parse_args(namespace=Asked())
    runs = kept(KEPT)
    if asked.development is not None:
        developed(runs, asked, asked.development)
        return
    # Before anything runs: the tree may go on changing while the figures are made.
    of = commit()
    for name in asked.only:
        print(f"{name} …", flush=True)
        found = list(PARTS[name](runs, asked))
        for one in found:
            print(f"  {one['name']}: {one['value']:.3g} [{one['low']:.3g}, {one['high']:.3g}]")
        _write(found, asked, of)


def _write(figures: list[Figure], asked: Asked, of: str) -> None:
    old = figures_of("transfer")
    # The later of two of one name counts: with more seeds.
    merged = {one["name"]: one for one in [*old, *figures]}
    write(
        "transfer",
        f"make bench-transfer SEEDS={asked.seeds} PAIRED={asked.paired}",
        of,
        [merged[name] for name in sorted(merged)],
    )


if __name__ == "__main__":
    main()
