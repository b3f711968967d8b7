"""The node's process, and a wire to it that loses requests and replies."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.lab.running import ROOT, until

ACCOUNT, MADE = "account.jsonl", "made.jsonl"


class FurnaceNode:
    """A node with a home, a port and an account of its own. `kill` and `open` again is a restart.

    Args:
        folder: Where it lives; the account of what it did is there, and outlives it.
        seconds: How long a sample takes, from the next start on.
        kind: `furnace`, or one that lacks commands: `plain` has no safety stop, `bare` nothing at all.
        module: The program of the node.
        environ: What else that is told.
    """

    def __init__(
        self,
        folder: Path,
        seconds: float = 0.1,
        kind: str = "furnace",
        module: str = "tests.lab.madsci.node",
        **environ: str,
    ) -> None:
        self._folder, self._kind, self._module, self._environ = folder, kind, module, environ
        self.seconds = seconds
        self._port = _free_port()
        (folder / "home").mkdir(parents=True, exist_ok=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def folder(self) -> Path:
        return self._folder

    def open(self) -> "FurnaceNode":
        """Start it, and wait until it is ready."""
        environ = {
            **{
                name: os.environ[name]
                for name in ("PATH", "LANG", "PYTHONPATH")
                if name in os.environ
            },
            "FURNACE_SECONDS": str(self.seconds),
            "FURNACE_KIND": self._kind,
            "HOME": str(self._folder / "home"),
            "FURNACE_FOLDER": str(self._folder),
            "NODE_URL": f"{self.url}/",
            # Otherwise it holds a lock under its home, and a restart after a kill waits for that.
            "NODE_ENABLE_REGISTRY_RESOLUTION": "false",
            "NODE_MODULE_VERSION": "1.2.3",
            "OMP_NUM_THREADS": "1",
            "PYTHONPATH": str(ROOT),
            **self._environ,
        }
        with (self._folder / "log.txt").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self._module],
                # Settings files and .env of the folder that it starts in would be read.
                cwd=self._folder,
                env=environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(self._ready, f"for the node: see {self._folder / 'log.txt'}")
        return self

    def admin(self, command: str) -> dict[str, object]:
        """What a person at the node does."""
        answer = httpx.post(f"{self.url}/admin/{command}", timeout=60.0).raise_for_status()
        said: dict[str, object] = answer.json()
        return said

    def reset(self) -> None:
        """Put it right after a fault, and wait until it is ready; what runs is waited for."""
        until(lambda: not self.status()["running_actions"], "for the last action to end")
        self.admin("reset")
        until(self._ready, "for the reset")

    def account(self) -> list[dict[str, object]]:
        """Every execution, in order."""
        return self._lines(ACCOUNT)

    def made(self) -> dict[str, float]:
        """Key -> what came of a sample that was made to its end."""
        return {str(line["key"]): float(str(line["mass"])) for line in self._lines(MADE)}

    def _lines(self, name: str) -> list[dict[str, object]]:
        file = self._folder / name
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def counts(self) -> Counter[str]:
        """Key -> how often it was executed."""
        return Counter(str(line["key"]) for line in self.account())

    def kill(self) -> None:
        """End it, as a power cut would."""
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        """Let it hang: what it is sent lies unread."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self) -> "FurnaceNode":
        return self.open()

    def __exit__(self, *_: object) -> None:
        self.kill()

    def status(self) -> dict[str, object]:
        """What it says of itself."""
        said: dict[str, object] = httpx.get(f"{self.url}/status", timeout=60.0).json()
        return said

    def _ready(self) -> bool:
        assert self.process.poll() is None, (self._folder / "log.txt").read_text()[-3000:]
        try:
            return bool(self.status()["ready"])
        except httpx.TransportError:
            return False


Loss = Callable[[httpx.Request], bool]


def of(method: str, ending: str) -> Loss:
    """Requests of a method whose path ends so."""
    return lambda request: request.method == method and request.url.path.endswith(ending)


class Losing(httpx.BaseTransport):
    """A wire that loses some requests before they arrive, and some replies on their way back.

    `sent` is every request that was handed to it.
    """

    def __init__(self, requests: Loss | None = None, replies: Loss | None = None) -> None:
        self.requests, self.replies = requests, replies
        self.sent: list[httpx.Request] = []
        self._wire = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if self.requests is not None and self.requests(request):
            raise httpx.ReadTimeout("the request was lost", request=request)
        answer = self._wire.handle_request(request)
        answer.read()
        if self.replies is not None and self.replies(request):
            raise httpx.ReadError("the reply was lost", request=request)
        return answer

    def starts(self) -> int:
        """How many starts were sent."""
        return sum(request.url.path.endswith("/start") for request in self.sent)


def _free_port() -> int:
    with socket.socket() as made:
        made.bind(("127.0.0.1", 0))
        return int(made.getsockname()[1])
