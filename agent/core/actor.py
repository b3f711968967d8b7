"""Who does a thing: the agent, a person, or a rule. And where: the process that a lease and a job name."""

from typing import Literal

from agent.core.values import Value


class Actor(Value):
    """Who does a thing. Every writing function takes one; the agent cannot review."""

    kind: Literal["agent", "person", "rule"]
    name: str

    def __str__(self) -> str:
        """`kind:name`, as the journal shows it."""
        return f"{self.kind}:{self.name}"


AGENT = Actor(kind="agent", name="athanor")


class Process(Value):
    """A process, named so that it can later be known to be dead: a pid alone may be reused, and
    means another process in another namespace (a container).
    """

    host: str
    boot: str
    pid: int
    started: str
    namespace: str = ""

    def __str__(self) -> str:
        """`pid N on HOST`, for messages."""
        return f"pid {self.pid} on {self.host}"
