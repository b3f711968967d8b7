"""Athanor, as its users get it: the decision itself, without a store."""

from agent.core.history import Row, key
from agent.core.policy import InitialDesign, Policy
from agent.decide.propose import propose
from agent.decide.situation import Situation
from tests.benchmarks.peers.play import Asked


def suggest(asked: Asked) -> int:
    """The default policy; points that were given to begin with are its initial design."""
    contest, problem = asked.contest, asked.contest.problem
    policy = Policy(initial=InitialDesign(size=asked.starts)) if asked.starts else Policy()
    rows = tuple(
        Row(id=str(number), trial=str(number), point=problem.points[at], value=value)
        for number, (at, value) in enumerate(asked.measured)
    )
    failed = tuple(problem.points[at] for at in asked.failed)
    situation = Situation(
        problem.space,
        problem.objective,
        policy,
        rows,
        barred=(*contest.absent, *failed),
        infeasible=failed,
        seed=asked.seed,
        started=len(rows) + len(failed),
    )
    (choice,) = propose(situation, 1).choices
    return contest.place[key(choice.point)]
