"""The scope in which everything random or threaded happens: seeded, forked, alone, on one thread.

Measured: threads that share torch's generator get different points, and a sum over two threads
differs from a sum over one in its last digits. A decision that is to be replayed allows neither.
"""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from botorch.exceptions.warnings import BotorchWarning
from linear_operator.utils.warnings import NumericalWarning

_ALONE = threading.RLock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Run the block alone in this process, from `seed`, on one thread; leave no trace in torch.

    The libraries' warnings about jitter and line searches stay silent: what they lead to is noted.

    Args:
        seed: What torch's generator starts from. The generator's state and the number of threads
            are given back at the end.
    """
    with _ALONE, torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore", NumericalWarning)
        warnings.simplefilter("ignore", BotorchWarning)
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        torch.default_generator.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
