"""Who competes, and what each one's runs depend on."""

import hashlib
import importlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from agent.fingerprint import fingerprint
from tests.benchmarks.peers.play import Asked

_HERE = Path(__file__).parent
_TRANSFER = _HERE.parent / "transfer"


@dataclass(frozen=True)
class Method:
    """A strategy by its name.

    Attributes:
        module: Where it is, and loaded from when it is first asked: Ax and BayBE take seconds.
        function: Its name there.
        files: What it is made of here.
        packages: What it is made of elsewhere.
        starts: Whether it is given the first points.
    """

    module: str
    function: str
    files: tuple[Path, ...]
    packages: tuple[str, ...] = ()
    starts: bool = True

    def suggest(self, asked: Asked) -> int:
        """The next point."""
        found: Callable[[Asked], int] = getattr(importlib.import_module(self.module), self.function)
        return found(asked)


def _here(
    module: str, function: str, *packages: str, peer: str = "", starts: bool = True
) -> Method:
    files = [_HERE / f"{module}.py", *([_TRANSFER / f"{peer}.py"] if peer else [])]
    return Method(f"tests.benchmarks.peers.{module}", function, tuple(files), packages, starts)


OURS, OWN_START = "athanor", "athanor, own start"

METHODS: dict[str, Method] = {
    OURS: _here("ours", "suggest"),
    OWN_START: _here("ours", "suggest", starts=False),
    "baybe": _here("baybe_peer", "suggest", "baybe", "botorch", peer="peer_baybe"),
    "ax": _here("ax_peer", "suggest", "ax-platform", "botorch", peer="peer_ax"),
    "gp_ei": _here("plain", "by_process", "botorch", "gpytorch"),
    "rf_ei": _here("plain", "by_forest", "scikit-learn"),
    "random": _here("plain", "by_chance"),
}

ACQUISITIONS: dict[str, Method] = {
    f"{OURS}, {name}": _here("acquisitions", f"by_{name}")
    for name in (
        "closed", "narrow", "wide", "bound_1", "bound_2", "probability", "entropy", "knowledge", "maximality",
    )
}  # fmt: skip
"""Ours, asked for something else: for made-up landscapes."""

EVERY = METHODS | ACQUISITIONS

PEERS = ("baybe", "ax", "gp_ei", "rf_ei")


@cache
def code(name: str) -> str:
    """A hash of what decides: of ours, all of its code; of a peer, its script and its packages."""
    method = EVERY[name]
    total = hashlib.sha256(method.function.encode())
    for path in method.files:
        total.update(path.read_bytes())
    told = [fingerprint()["code"]] if name.startswith(OURS) else map(version, method.packages)
    total.update("\0".join(told).encode())
    return total.hexdigest()[:12]
