"""The ways of transfer by their names."""

from collections.abc import Callable
from functools import partial
from typing import Any

from agent.core.transfer import Method
from agent.learn.priors import experts, joint, ranked, stacked
from agent.learn.priors.given import Given
from agent.learn.priors.transfer import Transfer

_FIT: dict[Method, Callable[[Given], Transfer]] = {
    "experts": experts.fit,
    "multi_task": joint.fit_multi_task,
    "multi_task_free": partial(joint.fit_multi_task, free=True),
    "pooled": joint.fit_pooled,
    "stacked": stacked.fit,
    "rgpe": ranked.fit,
}

_RESTORE: dict[Method, Callable[[dict[str, Any], Given], Transfer]] = {
    "experts": experts.restore,
    "multi_task": joint.restore,
    "multi_task_free": joint.restore,
    "pooled": joint.restore,
    "stacked": stacked.restore,
    "rgpe": ranked.restore,
}


def fit_transfer(method: Method, given: Given) -> Transfer:
    """The surrogate that a method makes of rows and sources.

    Raises:
        ModelError: it could not be fitted.
    """
    return _FIT[method](given)


def restore_transfer(state: dict[str, Any], given: Given) -> Transfer:
    """The surrogate whose `state` was kept, from the same rows and sources, without optimisation.

    Raises:
        ReplayError: rows or sources are not those that it learnt from.
    """
    return _RESTORE[state["method"]](state, given)
