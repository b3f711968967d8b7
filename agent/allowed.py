"""What the operators allow on this machine: their file, where the environment says that it is."""

import os

from agent.core.operators import Operators

OPERATORS = "ATHANOR_OPERATORS"


def operators(path: str | None = None) -> Operators:
    """The operators' file at `path`, by default where ATHANOR_OPERATORS says; empty without one.

    Raises:
        OperatorsError: it cannot be used; every fault is listed.
    """
    path = path or os.environ.get(OPERATORS)
    if not path:
        return Operators()
    from agent.load.operators import read_operators

    return read_operators(path)[0]
