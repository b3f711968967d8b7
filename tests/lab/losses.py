"""What becomes of sendings on a line that loses things."""

import threading
from collections import Counter, deque

from tests.lab.labs import Loss


class Losses:
    """Told beforehand what becomes of the next sendings; a line takes one for each that it sees."""

    def __init__(self) -> None:
        self._losses: deque[Loss] = deque()
        self._lock = threading.Lock()
        self._flying = 0
        self.lost: Counter[Loss] = Counter()

    def lose(self, loss: Loss) -> None:
        """What becomes of the next sending that nothing is said of yet."""
        with self._lock:
            self._losses.append(loss)

    def quiet(self) -> bool:
        """Whether no sending is on its way."""
        with self._lock:
            return self._flying == 0

    def _begun(self) -> Loss | None:
        """What becomes of a sending, which is on its way until it has `_landed`."""
        with self._lock:
            self._flying += 1
            loss = self._losses.popleft() if self._losses else None
            if loss:
                self.lost[loss] += 1
            return loss

    def _landed(self) -> None:
        with self._lock:
            self._flying -= 1
