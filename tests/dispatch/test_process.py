"""Whether a process is certainly dead: on real children."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from agent.core.actor import Process
from agent.dispatch.process import boot, known_dead, namespace, started, this_process

pytestmark = pytest.mark.skipif(not boot(), reason="this system does not tell its boot")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as running:
        yield running
        running.kill()


def named(child: subprocess.Popen[bytes]) -> Process:
    return Process(
        host=socket.gethostname(),
        boot=boot(),
        pid=child.pid,
        started=started(child.pid) or "",
        namespace=namespace(),
    )


def test_this_process_lives() -> None:
    assert not known_dead(this_process())
    assert this_process() == this_process()


def test_a_child_that_lives(child: subprocess.Popen[bytes]) -> None:
    assert not known_dead(named(child))


def test_a_child_that_is_stopped_lives(child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)
    assert not known_dead(named(child))


def test_a_zombie_is_dead(child: subprocess.Popen[bytes]) -> None:
    process = named(child)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert known_dead(process)


def test_a_child_that_is_gone_is_dead(child: subprocess.Popen[bytes]) -> None:
    process = named(child)
    child.kill()
    child.wait()
    assert known_dead(process)


def test_a_pid_that_is_anothers_by_now_is_dead(child: subprocess.Popen[bytes]) -> None:
    assert known_dead(named(child).model_copy(update={"started": "1"}))


def test_a_process_whose_start_is_not_known_may_live(child: subprocess.Popen[bytes]) -> None:
    assert not known_dead(named(child).model_copy(update={"started": ""}))


@pytest.mark.parametrize(
    ("change", "dead"),
    [
        ({"boot": "an earlier one"}, True),
        ({"boot": ""}, False),
        ({"host": "elsewhere", "pid": 2**22 + 1}, False),
        ({"pid": 2**22 + 1}, True),
    ],
)
def test_what_can_be_known_of_another(change: dict[str, object], dead: bool) -> None:
    assert known_dead(this_process().model_copy(update=change)) is dead


def test_a_process_of_another_namespace_is_not_known_to_be_dead(
    child: subprocess.Popen[bytes],
) -> None:
    other = named(child).model_copy(update={"namespace": "pid:[1]"})
    child.kill()
    child.wait()
    assert not known_dead(other)
