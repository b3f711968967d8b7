"""Development problems: made-up landscapes, a new one for each seed. The method is chosen on these.

None of them is what it is judged by (`problems.py`): those are recorded experiments and test
functions. Every kind has a target and sources in eleven relations to it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from agent.core.parameters import CategoricalParameter
from agent.core.space import SearchSpace
from tests.benchmarks.transfer.problems import Floats, Problem, pool_of

Kind = Literal[
    "field 2",
    "field 4",
    "field 6",
    "blend",
    "reaction",
    "process",
    "compound",
    "smooth",
    "skewed",
    "valley",
    "hole",
]
Relation = Literal[
    "close", "loose", "rescaled", "two",
    "negated", "contrary", "shuffled", "unrelated", "deceptive", "siren", "mixed",
]  # fmt: skip

KINDS: tuple[Kind, ...] = get_args(Kind)
HELPFUL: tuple[Relation, ...] = ("close", "loose", "rescaled", "two", "mixed")
MISLEADING: tuple[Relation, ...] = (
    "negated", "contrary", "shuffled", "unrelated", "deceptive", "siren",
)  # fmt: skip


@dataclass(frozen=True)
class Landscape:
    """A pool of `n x d` numbers (or of names) with a way to draw functions over it.

    Attributes:
        space: What may be chosen.
        points: The pool.
        place: Where each point lies, `n x k`: what deception is local in.
        draw: A function of the kind, `n`, standardised; the second argument shares what tasks share.
    """

    space: SearchSpace
    points: tuple[dict[str, float | str], ...]
    place: Floats
    draw: Callable[[np.random.Generator], Floats]


def made(kind: Kind, relation: Relation, seed: int) -> Problem:
    """The problem of a seed: another seed is another landscape."""
    random = np.random.default_rng([seed, KINDS.index(kind), 101])
    land = landscape(kind, random)
    target = land.draw(random)
    sources = _related(land, target, relation, random)
    family: Literal["helpful", "adversarial"] = "helpful" if relation in HELPFUL else "adversarial"
    tables = tuple((land.points, one) for one in sources)
    return Problem(f"{kind}, {relation}", family, land.space, land.points, target, tables)


def landscape(kind: Kind, random: np.random.Generator) -> Landscape:
    """A pool of that kind, drawn."""
    return _LANDSCAPES[kind](random)


def _related(
    land: Landscape, target: Floats, relation: Relation, random: np.random.Generator
) -> list[Floats]:
    def like(correlation: float) -> Floats:
        return correlation * target + np.sqrt(1 - correlation**2) * land.draw(random)

    match relation:
        case "close":
            return [like(0.95)]
        case "loose":
            return [like(0.7)]
        case "rescaled":
            return [5 * like(0.9) + 20]
        case "two":
            return [like(0.9), like(0.6)]
        case "mixed":
            return [like(0.9), -like(0.8), land.draw(random), -target, land.draw(random)]
        case "negated":
            return [-like(0.95)]
        case "contrary":
            return [-like(0.6)]
        case "shuffled":
            return [random.permutation(target), random.permutation(like(0.9))]
        case "unrelated":
            return [land.draw(random), land.draw(random)]
        case "deceptive":
            return [like(0.97) - 4 * _bump(land, int(target.argmax()))]
    low = np.flatnonzero(target < np.quantile(target, 0.3))
    return [like(0.97) + 5 * _bump(land, int(random.choice(low)))]


def _bump(land: Landscape, at: int) -> Floats:
    """One at a point of the pool and little where 5 % of the pool is nearer to it."""
    far = ((land.place - land.place[at]) ** 2).sum(1)
    bump: Floats = np.exp(-far / max(float(np.quantile(far, 0.05)), 1e-9))
    return bump


def _field(width: int) -> Callable[[np.random.Generator], Landscape]:
    """Random Gaussian fields with a lengthscale of its own along each axis."""

    def landscape(random: np.random.Generator) -> Landscape:
        cube = random.random((600, width))
        lengths = np.exp(random.normal(np.log(0.25 * np.sqrt(width)), 0.5, width))
        space, points = pool_of(cube)
        return Landscape(space, points, cube, lambda r: _drawn(cube / lengths, r))

    return landscape


def _drawn(scaled: Floats, random: np.random.Generator) -> Floats:
    """A Gaussian field by random Fourier features (Rahimi & Recht, 2007), standardised."""
    waves = random.standard_normal((scaled.shape[1], 300))
    phases = random.uniform(0, 2 * np.pi, 300)
    return _standard(np.cos(scaled @ waves + phases) @ random.standard_normal(300))


def _blend(random: np.random.Generator) -> Landscape:
    """Blends of four components on a lattice: quadratic, with two corners cut off, a little noise."""
    parts = _lattice(10)
    space, points = pool_of(parts)

    def draw(r: np.random.Generator) -> Floats:
        linear = parts @ r.normal(0, 1, 4)
        pairs = np.einsum("ni,nj,ij->n", parts, parts, r.normal(0, 2.5, (4, 4)))
        capped = np.minimum(_standard(linear + pairs), r.uniform(0.8, 2.0))
        return _standard(capped + 0.15 * r.standard_normal(len(parts)))

    return Landscape(space, points, parts, draw)


def _reaction(random: np.random.Generator) -> Landscape:
    """A full factorial of three reagents: hidden properties, interactions, many yields near zero."""
    levels = (4, 8, 14)
    index = np.indices(levels).reshape(3, -1)
    hidden = [random.standard_normal((count, 3)) for count in levels]
    parameters = tuple(
        CategoricalParameter(name=f"r{k}", choices=tuple(f"{k}{j:02d}" for j in range(count)))
        for k, count in enumerate(levels)
    )
    points = tuple({f"r{k}": f"{k}{row[k]:02d}" for k in range(3)} for row in index.T.tolist())
    place = np.concatenate([hidden[k][index[k]] for k in range(3)], axis=1)

    def draw(r: np.random.Generator) -> Floats:
        main = sum(hidden[k][index[k]] @ r.standard_normal(3) for k in range(3))
        cross = np.einsum(
            "ni,nj,ij->n", hidden[1][index[1]], hidden[2][index[2]], r.normal(0, 0.5, (3, 3))
        )
        score = _standard(main + cross)
        rate = 1 / (1 + np.exp(-2 * (score - 0.5)))
        return _standard(rate + 0.03 * r.standard_normal(len(rate)))

    return Landscape(SearchSpace(parameters=parameters), points, place, draw)


def _process(random: np.random.Generator) -> Landscape:
    """A window of four settings that gives something, failures beyond it, noisy readings."""
    cube = random.random((600, 4))
    space, points = pool_of(cube)
    centre, widths = random.uniform(0.2, 0.8, 4), random.uniform(0.15, 0.6, 4)

    def draw(r: np.random.Generator) -> Floats:
        at = np.clip(centre + 0.12 * r.standard_normal(4), 0.05, 0.95)
        window = np.exp(-(((cube - at) / widths) ** 2).sum(1) / 2)
        ripple = 0.15 * _drawn(cube / 0.3, r) * window
        dead = cube @ r.dirichlet(np.ones(4)) > r.uniform(0.6, 0.8)
        clean = np.where(dead, 0.0, window + ripple)
        return _standard(clean + 0.04 * r.standard_normal(len(cube)))

    return Landscape(space, points, cube, draw)


def _compound(random: np.random.Generator) -> Landscape:
    """150 compounds whose descriptors tell only part of what they are."""
    hidden = random.standard_normal((150, 6))
    told = hidden[:, :4] + 0.3 * random.standard_normal((150, 4))
    space, points = pool_of(told)

    def draw(r: np.random.Generator) -> Floats:
        return _drawn(hidden / np.array([2.0, 2.0, 3.0, 3.0, 3.0, 4.0]), r)

    return Landscape(space, points, hidden, draw)


def _smooth(random: np.random.Generator) -> Landscape:
    """Two settings, and responses that bend once or twice over their range."""
    cube = random.random((600, 2))
    lengths = np.exp(random.normal(np.log(0.5), 0.3, 2))
    space, points = pool_of(cube)
    return Landscape(space, points, cube, lambda r: _drawn(cube / lengths, r))


def _valley(random: np.random.Generator) -> Landscape:
    """Two settings with curved ridges of the best, and walls that are much steeper than they."""
    cube = random.random((800, 2))
    space, points = pool_of(cube)

    def draw(r: np.random.Generator) -> Floats:
        bend = _drawn(cube / 0.5, r) + 2.5 * (cube - 0.5) @ r.standard_normal(2)
        return _standard(-(bend**2) + 0.3 * _drawn(cube / 0.5, r))

    return Landscape(space, points, cube, draw)


def _hole(random: np.random.Generator) -> Landscape:
    """Blends of four components whose merit rises towards a part of an edge; flat elsewhere."""
    parts = _lattice(15)
    space, points = pool_of(parts)
    shared = random.dirichlet(np.ones(4) * 0.5)

    def draw(r: np.random.Generator) -> Floats:
        best = 0.6 * shared + 0.4 * r.dirichlet(np.ones(4) * 0.5)
        far = ((parts - best) ** 2 * r.uniform(0.5, 2, 4)).sum(1)
        return _standard(-np.tanh(1.5 * far) + 0.05 * _drawn(parts / 0.4, r))

    return Landscape(space, points, parts, draw)


def _skewed(random: np.random.Generator) -> Landscape:
    """Blends of four components: nearly all are alike, at the good end or at the bad one."""
    parts = _lattice(15)
    space, points = pool_of(parts)
    sign = random.choice([-1.0, 1.0])
    lengths = np.exp(random.normal(np.log(0.5), 0.3, 4))

    def draw(r: np.random.Generator) -> Floats:
        return _standard(sign * np.exp(sign * 1.2 * _drawn(parts / lengths, r)))

    return Landscape(space, points, parts, draw)


def _lattice(steps: int) -> Floats:
    """Every blend of four components in so many steps, `n x 4`: rows sum to one."""
    each = range(steps + 1)
    lattice = [(a, b, c, steps - a - b - c) for a in each for b in each for c in each]
    return np.array([one for one in lattice if one[3] >= 0], dtype=float) / steps


def _standard(values: Floats) -> Floats:
    standard: Floats = (values - values.mean()) / values.std()
    return standard


_LANDSCAPES: dict[Kind, Callable[[np.random.Generator], Landscape]] = {
    "field 2": _field(2),
    "field 4": _field(4),
    "field 6": _field(6),
    "blend": _blend,
    "reaction": _reaction,
    "process": _process,
    "compound": _compound,
    "smooth": _smooth,
    "skewed": _skewed,
    "valley": _valley,
    "hole": _hole,
}
