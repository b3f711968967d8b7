"""Which share of a suggestion's time its grounds take, with 50 rows, on one thread.

python -m tests.benchmarks.loop.grounded
"""

import time
from statistics import median

import torch

from agent.core.objective import Objective
from agent.core.policy import Policy
from agent.decide.choose import Chooser, scoring
from agent.decide.grounds import grounds
from agent.decide.informed import Informed
from agent.decide.propose import propose
from agent.decide.situation import Situation
from agent.learn.surrogate import fit
from tests.learn.sources import source
from tests.learn.spaces import SPACES, rows_of

ROWS, REPEATS = 50, 5
KINDS = ("continuous", "mixed", "pool", "fine composition")
OBJECTIVE = Objective(name="y", unit="eV", goal="maximise")


def situation(kind: str, policy: str, *, informed: bool) -> Situation:
    """A decision after `ROWS` results, with a source of 40 rows or without one."""
    space = SPACES[kind]
    sources = (source(space, 40),) if informed else ()
    rule = Policy.model_validate({"name": policy})
    return Situation(
        space, OBJECTIVE, rule, rows_of(space, ROWS), sources=sources, seed=7, started=ROWS
    )


def share(at: Situation) -> float:
    """The median time of the grounds of one choice over that of a whole decision."""
    if at.informed:
        decision = Informed(at, [])
        surrogate, choosing = decision.transfer, scoring(at, decision.transfer)
    else:
        surrogate = fit(at.encoding, at.rows, at.objective, 0)
        choosing = scoring(at, surrogate)
    chosen = Chooser(at, choosing, []).choose()
    whole, own = [], []
    for _ in range(REPEATS):
        begun = time.perf_counter()
        propose(at, 1)
        whole.append(time.perf_counter() - begun)
        begun = time.perf_counter()
        grounds(at, surrogate, chosen)
        own.append(time.perf_counter() - begun)
    return median(own) / median(whole)


if __name__ == "__main__":
    torch.set_num_threads(1)
    for kind in KINDS:
        for policy in ("expected_improvement", "ucb"):
            for informed in (False, True):
                found = share(situation(kind, policy, informed=informed))
                print(f"{kind}, {policy}{', with a source' if informed else ''}: {found:.1%}")
