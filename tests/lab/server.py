"""A small laboratory: a process of its own that executes physical jobs, and counts them itself.

    python -m tests.lab.server --folder FOLDER --seconds 0.2 [--port PORT]

    POST /jobs {key, parameters}   executes, EVERY time: a second POST of a key is a double execution
    GET  /jobs/KEY                 absent | running | done, with the result and the count; or failed,
                                   with a code and a message: where x is above --gels-above
    POST /jobs/KEY/void            never executed: refused with 409 from now on; else says that it was
    GET  /                         how often each key was executed

What it did is in FOLDER/account.jsonl, written through to the disk before it answers, and read when
it starts: it survives its own death. FOLDER/port holds its port.
"""

import argparse
import json
import math
import os
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ACCOUNT, PORT = "account.jsonl", "port"


def yielded(parameters: dict[str, float]) -> float:
    """What a job measures: smooth in its parameters."""
    return sum(math.sin(3.0 * value) + value for value in parameters.values())


class Bench:
    """What was done and what was ruled out, in the order in which it happened."""

    def __init__(self, folder: Path, seconds: float, gels_above: float = math.inf) -> None:
        self._file = folder / ACCOUNT
        self._seconds, self._gels_above = seconds, gels_above
        self._lock = threading.Lock()
        self._executed: dict[str, list[dict[str, Any]]] = {}
        self._voided: set[str] = set()
        if self._file.exists():
            for line in self._file.read_text().splitlines():
                self._remember(json.loads(line))

    def execute(self, key: str, parameters: dict[str, float]) -> bool:
        """Do it, however often it was done before; False if the key was voided."""
        with self._lock:
            if key in self._voided:
                return False
            self._write({"did": "execute", "key": key, "parameters": parameters, "at": time.time()})
            return True

    def void(self, key: str) -> bool:
        """Rule the key out for ever; False if it was executed."""
        with self._lock:
            if key in self._executed:
                return False
            if key not in self._voided:
                self._write({"did": "void", "key": key})
            return True

    def look(self, key: str) -> dict[str, Any]:
        """How a key stands."""
        with self._lock:
            done = self._executed.get(key, [])
        if not done:
            return {"state": "absent"}
        first = done[0]
        if time.time() - first["at"] < self._seconds:
            return {"state": "running", "count": len(done)}
        if first["parameters"].get("x", 0.0) > self._gels_above:
            return {
                "state": "failed",
                "count": len(done),
                "code": "E7",
                "message": "torque too high",
            }
        return {"state": "done", "count": len(done), "result": yielded(first["parameters"])}

    def counts(self) -> dict[str, int]:
        """Key -> how often it was executed."""
        with self._lock:
            return {key: len(times) for key, times in self._executed.items()}

    def _write(self, line: dict[str, Any]) -> None:
        with self._file.open("a") as file:
            file.write(json.dumps(line) + "\n")
            file.flush()
            os.fsync(file.fileno())
        self._remember(line)

    def _remember(self, line: dict[str, Any]) -> None:
        if line["did"] == "void":
            self._voided.add(line["key"])
        else:
            self._executed.setdefault(line["key"], []).append(line)


class Handler(BaseHTTPRequestHandler):
    """One request. A request that did not arrive whole is dropped: nothing is done for it."""

    bench: Bench

    def do_GET(self) -> None:
        parts = self.path.strip("/").split("/")
        if parts == [""]:
            self._answer(200, self.bench.counts())
        else:
            self._answer(200, self.bench.look(parts[1]))

    def do_POST(self) -> None:
        parts = self.path.strip("/").split("/")
        if parts[-1] == "void":
            self._answer(200, {"voided": self.bench.void(parts[1])})
            return
        length = int(self.headers.get("Content-Length", -1))
        body = self.rfile.read(max(length, 0))
        if length < 0 or len(body) < length:
            return
        asked = json.loads(body)
        if self.bench.execute(asked["key"], asked["parameters"]):
            self._answer(202, {"state": "running"})
        else:
            self._answer(409, {"state": "voided"})

    def _answer(self, status: int, content: dict[str, Any]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    """Threads that die with it; a client that has gone is no news."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet."""


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=0.2)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--gels-above", type=float, default=math.inf)
    given = parser.parse_args()
    Handler.bench = Bench(given.folder, given.seconds, given.gels_above)
    server = Server(("127.0.0.1", given.port), Handler)
    written = given.folder / f"{PORT}.new"
    written.write_text(str(server.server_port))
    written.replace(given.folder / PORT)
    server.serve_forever()


if __name__ == "__main__":
    main()
