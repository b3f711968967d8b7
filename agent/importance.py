"""Importance of a campaign's parameters, from the last decision that a model made."""

from agent.core.importance import Importance
from agent.data.store import Store
from agent.decide.classified import is_classified
from agent.decide.importance import importance
from agent.decide.strategies import is_by_ax
from agent.errors import NotFound
from agent.replay import situation_of


def importance_of(store: Store, name: str) -> tuple[int, tuple[Importance, ...]]:
    """What each objective of a campaign depends on, and the number of the decision that it is taken from.

    Args:
        store: Where the campaign is.
        name: Its name or id.

    Raises:
        NotFound: no model of Athanor's own has made a decision yet, or it is one of classes.
        ReplayError: what went into the decision is not in the store any more.
    """
    decisions = store.decisions(store.entry(name).id)
    ours = (one for one in reversed(decisions) if one.state and not is_by_ax(one.state))
    last = next(ours, None)
    if last is None or last.state is None:
        raise NotFound(
            f"no model has made a decision of {name} yet",
            "it does after the initial design; a random policy and Ax have none of ours",
        )
    if is_classified(last.state):
        raise NotFound(
            f"{name} has classes, and which parameters matter is told of numbers only",
            "the report draws each class against each setting",
        )
    return last.number, importance(situation_of(store, last), last.state)
