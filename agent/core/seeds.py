"""One seed in a campaign; every decision's is derived from it."""

import hashlib


def derived(seed: int, *parts: str | int) -> int:
    """A 31-bit seed that depends on `seed` and on every part, and on nothing else."""
    text = "/".join(str(part) for part in (seed, *parts))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4]) & 0x7FFFFFFF
