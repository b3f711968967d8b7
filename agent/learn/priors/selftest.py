"""Whether a source says anything: its own values beside the same values, shuffled."""

import numpy as np
from numpy.typing import NDArray

from agent.learn.evidence import Believed, Rows

SHUFFLES = 19
"""A source of chance is better than all of them once in twenty times."""

_FEWEST, _MOST = 8, 100
_FORGIVEN = 64
"""So many, over the number of rows, may be better: few rows prove little, and mislead little."""


def tells(rows: Rows, believed: Believed, seed: int) -> bool:
    """Whether rows are more evident as they are than after 19 shufflings of their values.

    A permutation test (Fisher, 1935): if values had nothing to do with settings, every order of
    them would be as good. Its statistic is the evidence at the likeliest hyperparameters, so it
    asks just what matters: would the model of these rows predict anything? Of more than 64 rows no
    shuffling may be better, of 40 one, of 12 five; fewer than 8 cannot tell, and pass. (On made-up
    landscapes that keeps nine of ten sources of 12 rows, and all but one in fifty of 40; of chance a
    third and a tenth.) Of more than 100 rows so many are drawn.

    Raises:
        ModelError: the evidence is nowhere finite.
    """
    random = np.random.default_rng(seed)
    count = len(rows.z)
    if count < _FEWEST:
        return True
    some = np.arange(count)
    if count > _MOST:
        some = np.sort(random.choice(count, _MOST, replace=False))
    few, forgiven = _of(rows, some), _FORGIVEN // count
    own = few.most_likely(believed).evidence
    for _ in range(SHUFFLES):
        order = random.permutation(len(few.z))
        # A reading keeps its uncertainty: else heavy noise alone would look like a pattern.
        noise = None if few.noise is None else few.noise[order]
        chance = Rows(few.apart, few.z[order], few.known, noise)
        if chance.most_likely(believed).evidence >= own:
            forgiven -= 1
            if forgiven < 0:
                return False
    return True


def _of(rows: Rows, some: NDArray[np.intp]) -> Rows:
    square = np.ix_(some, some)
    apart = rows.apart[:, some][:, :, some]
    noise = None if rows.noise is None else rows.noise[some]
    return Rows(apart, rows.z[some], rows.known[square], noise)
