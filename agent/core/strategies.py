"""What strategies other than Athanor's own can be asked for."""

from collections.abc import Sequence

from agent.core.objective import Objective


def beyond_ax(objectives: Sequence[Objective]) -> str:
    """Why Ax cannot choose for these objectives, in words; "" where it can."""
    if len(objectives) > 1:
        return "it is asked for one objective, and there are several"
    goal = objectives[0].goal
    if goal not in ("maximise", "minimise"):
        return f"it maximises or minimises, and the goal is {goal}"
    return ""
