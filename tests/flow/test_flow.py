"""The flow against Prefect itself: its temporary server, a server, a deployment, a worker."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from agent.commands.common import Exit
from tests.commands.conftest import QUICK

pytestmark = [pytest.mark.slow, pytest.mark.timeout(400)]

ROOT = Path(__file__).parent.parent.parent
BIN = Path(sys.executable).parent
PORT = 14201
POOLS = {"athanor": "process", "athanor-docker": "docker", "athanor-kubernetes": "kubernetes"}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment with Prefect's files and our store in a folder of their own."""
    folder = tmp_path_factory.mktemp("prefect")
    return {
        **os.environ,
        "PREFECT_HOME": str(folder / "home"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "OMP_NUM_THREADS": "1",
        "ATHANOR_STORE": str(folder / "store.db"),
        "FOLDER": str(folder),
    }


@pytest.fixture(scope="module")
def server(world: dict[str, str]) -> Iterator[dict[str, str]]:
    """A Prefect server on loopback."""
    url = f"http://127.0.0.1:{PORT}/api"
    with_server = {**world, "PREFECT_API_URL": url}
    process = subprocess.Popen(
        [BIN / "prefect", "server", "start", "--no-ui", "--port", str(PORT)],
        env=world,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: httpx.get(f"{url}/health").status_code == 200, 180)
        yield with_server
    finally:
        process.terminate()
        process.wait(timeout=60)


def wait_for(condition, seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if condition():
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"not within {seconds} s")


def call(env: dict[str, str], *words: str, code: int = 0) -> str:
    done = subprocess.run(
        [BIN / words[0], *words[1:]],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def campaign(env: dict[str, str], name: str, **changes: str) -> Path:
    text = QUICK.replace("quick", name)
    for old, new in changes.items():
        text = text.replace(f"{old}: 4", new)
    path = Path(env["FOLDER"]) / f"{name}.yaml"
    path.write_text(text)
    return path


def status(env: dict[str, str], name: str) -> dict[str, object]:
    (one,) = json.loads(call(env, "athanor", "status", name, "--json"))
    return one


def measured(env: dict[str, str], name: str) -> int:
    listed = subprocess.run(
        [BIN / "athanor", "status", "--json"], env=env, capture_output=True, text=True, check=False
    )
    found = json.loads(listed.stdout) if listed.returncode == 0 else []
    return sum(one["measured"] for one in found if one["name"] == name)


def test_without_a_server_it_brings_its_own(world):
    said = call(world, "athanor", "run", str(campaign(world, "alone")))
    assert "4 of 4 experiments are started" in said
    assert "Traceback" not in said
    assert status(world, "alone")["state"] == "finished"


def test_a_server_that_does_not_answer_is_told_in_a_line(world):
    nowhere = {**world, "PREFECT_API_URL": "http://127.0.0.1:9/api"}
    said = call(nowhere, "athanor", "run", str(campaign(world, "nowhere")), code=1)
    assert "Prefect's server does not answer" in said and "--direct does without" in said
    assert "Traceback" not in said


def test_interrupted_at_the_keyboard_it_leaves_at_once_and_goes_on(world):
    file = campaign(world, "interrupted", experiments="experiments: 400")
    process = subprocess.Popen(
        [BIN / "athanor", "run", file],
        env=world,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    wait_for(lambda: measured(world, "interrupted") > 2, 120)
    # As a terminal does: to every process of the group, and Prefect's temporary server is one.
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == Exit.INTERRUPTED, said
    assert "run it again to go on" in said
    assert "Traceback" not in said
    before = measured(world, "interrupted")
    campaign(world, "interrupted", experiments=f"experiments: {before + 3}")
    call(world, "athanor", "run", str(file), "--yes")
    assert measured(world, "interrupted") == before + 3


def test_against_a_server_its_steps_are_tasks_and_its_results_artifacts(server):
    call(server, "athanor", "run", str(campaign(server, "served")))
    api = server["PREFECT_API_URL"]
    runs = httpx.post(f"{api}/flow_runs/filter", json={}).json()
    (run,) = [one for one in runs if one["name"] == "served"]
    assert run["state_type"] == "COMPLETED"
    tasks = httpx.post(
        f"{api}/task_runs/filter", json={"flow_runs": {"id": {"any_": [run["id"]]}}}
    ).json()
    kinds = [one["name"].split(" ")[0] for one in tasks]
    assert {kinds.count(kind) for kind in ("propose", "review", "dispatch", "collect")} == {4}
    artifacts = {one["key"] for one in httpx.post(f"{api}/artifacts/filter", json={}).json()}
    assert {"served-progress", "served-result"} <= artifacts


@contextmanager
def worker(env: dict[str, str], pool: str) -> Iterator[None]:
    """A worker of a pool. One that outlives its server would take the runs of the next at that port."""
    process = subprocess.Popen(
        [BIN / "prefect", "worker", "start", "--pool", pool, "--limit", "1"],
        cwd=ROOT,
        env=env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_the_deployments_deploy_and_run(server):
    # The server holds job variables against what each type of pool takes, its worker here or not.
    for pool, kind in POOLS.items():
        call(server, "prefect", "work-pool", "create", pool, "--type", kind, "--overwrite")
    call(server, "prefect", "--no-prompt", "deploy", "--all")
    wanted = {
        one["name"] for one in yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    }
    api = server["PREFECT_API_URL"]
    made = {one["name"] for one in httpx.post(f"{api}/deployments/filter", json={}).json()}
    assert made == wanted
    reviewed = campaign(server, "deployed")
    reviewed.write_text(reviewed.read_text() + "review: {mode: required}\n")
    call(server, "athanor", "run", str(reviewed), "--direct", "--no-wait", code=3)
    call(server, "athanor", "review", "deployed", "--approve", "all")
    with worker(server, "athanor"):
        call(
            server,
            "prefect",
            "deployment",
            "run",
            "campaign/advance",
            "--param",
            "name=deployed",
            "--watch",
        )
        assert status(server, "deployed")["measured"] == 1


def test_a_schedule_carries_campaigns_on_while_nothing_else_lives(server):
    """Two campaigns that wait for reviews: each review is followed up by the next call."""
    api = server["PREFECT_API_URL"]
    call(server, "prefect", "work-pool", "create", "athanor", "--type", "process", "--overwrite")
    file = Path(server["FOLDER"]) / "often.yaml"
    file.write_text((ROOT / "prefect.yaml").read_text().replace("interval: 300", "interval: 10"))
    log = Path(server["FOLDER"]) / "schedule.jsonl"
    env = {
        **server,
        "ATHANOR_STORE": str(Path(server["FOLDER"]) / "schedule.db"),
        "ATHANOR_LOG_FILE": str(log),
    }
    for name in ("one", "two"):
        text = campaign(env, name)
        text.write_text(text.read_text() + "review: {mode: required}\n")
        call(env, "athanor", "run", str(text), "--direct", "--no-wait", code=3)
    call(server, "prefect", "--no-prompt", "deploy", "--prefect-file", str(file), "-n", "all")
    with worker(env, "athanor"):
        for count in (1, 2):
            for name in ("one", "two"):
                call(env, "athanor", "review", name, "--approve", "all")
            wait_for(
                lambda count=count: {measured(env, "one"), measured(env, "two")} == {count}, 240
            )
    runs = httpx.post(f"{api}/flow_runs/filter", json={}).json()
    ended = [one for one in runs if one["auto_scheduled"] and one["state_type"] == "COMPLETED"]
    assert len(ended) >= 2, "each call ended, and another one went on"
    sent = [json.loads(line) for line in log.read_text().splitlines() if "job.intended" in line]
    assert {one["campaign"] for one in sent} == {"one", "two"}
    assert len({one["job"] for one in sent}) == len(sent) == 4
