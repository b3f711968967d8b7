"""Athanor, as its users get it: the decision itself, without a store."""

from agent.core.history import Row, key
from agent.core.policy import InitialDesign, Policy
from agent.decide.propose import propose
from agent.decide.situation import Situation
from tests.benchmarks.peers.play import Asked


def suggest(asked: Asked) -> int:
    """The default policy. Where points were given to begin with, there is no initial design after
    them, not even for those of them that have failed.
    """
    contest, problem = asked.contest, asked.contest.problem
    policy = Policy()
    if asked.starts:
        policy = Policy(initial=InitialDesign(size=min(asked.starts, len(asked.measured))))
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
