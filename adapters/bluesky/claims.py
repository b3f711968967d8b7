"""Claims: the lab's own word of which jobs were begun, given where they are executed.

A queue server cannot rule a request out that may still arrive. The plan can: it claims its job before it
moves anything, and does nothing if the job was begun, or withdrawn, before. `docs/bluesky.md` has the
few lines of Python that a lab's startup directory needs for it.
"""

from typing import Literal

from adapters.bluesky.server import QueueServer
from agent.errors import Refused, Unreachable

Word = Literal["free", "begun", "withdrawn"]


class Claims:
    """Asks the lab's function `NAME(job, withdraw)`, which answers free, begun or withdrawn.

    Args:
        server: The queue server, in whose worker it is called.
        function: Its name; None if the lab has none.
        deadline_s: How long it may take, in seconds.
    """

    def __init__(self, server: QueueServer, function: str | None, deadline_s: float) -> None:
        self._server, self._function, self._deadline_s = server, function, deadline_s

    def of(self, job: str, *, withdraw: bool = False, lock_key: str | None = None) -> Word | None:
        """The word of a job, which is withdrawn first if it is free and that is wanted; None where the
        lab keeps no claims.

        Raises:
            Unreachable: the lab does not say.
        """
        if self._function is None:
            return None
        try:
            said = self._server.call(
                self._function, job, withdraw, deadline_s=self._deadline_s, lock_key=lock_key
            )
        except Refused as refusal:
            raise Unreachable(
                f"{self._function} cannot be asked: {refusal.message}", "open the environment"
            ) from refusal
        match said.value:
            case "free" | "begun" | "withdrawn":
                word: Word = said.value
                return word
            case other:
                told = said.error or f"{self._function} says {other!r}"
                raise Unreachable(told, "it must say 'free', 'begun' or 'withdrawn'")
