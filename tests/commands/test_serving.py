"""What stays: `athanor metrics --serve` and `athanor store journal --follow`, as processes beside a run."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from agent.commands.common import Exit
from tests.commands.conftest import QUICK, Athanor

pytestmark = [pytest.mark.slow, pytest.mark.timeout(240)]


@contextmanager
def staying(store: str, *words: str) -> Iterator["subprocess.Popen[str]"]:
    """An `athanor` that is interrupted at the end, if nobody did before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "agent", *words],
        env={**os.environ, "ATHANOR_STORE": store},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_metrics_are_served_until_they_are_not_wanted(
    athanor: Athanor, quick: Path, store: str
) -> None:
    athanor("store", "create")
    with staying(store, "metrics", "--serve", "0") as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert url.startswith("http://127.0.0.1:")
        for measured in (0, 4):
            if measured:
                athanor("run", str(quick), "--direct")
            with urlopen(url) as answer:
                families = text_string_to_metric_families(answer.read().decode())
                samples = [sample for family in families for sample in family.samples]
            done = [one.value for one in samples if one.labels.get("status") == "done"]
            assert sum(done) == 2 * measured, (
                "of the campaign's trials and of the instrument's jobs"
            )
        process.send_signal(signal.SIGINT)
        assert process.wait() == Exit.INTERRUPTED


def test_the_journal_is_followed_from_another_process(
    athanor: Athanor, tmp_path: Path, store: str
) -> None:
    file = tmp_path / "followed.yaml"
    file.write_text(QUICK.replace("quick", "followed") + "review: {mode: required}\n")
    athanor("run", str(file), "--direct", "--no-wait", code=3)
    with staying(store, "store", "journal", "followed", "--follow", "--last", "1") as process:
        assert process.stdout is not None
        first = json.loads(process.stdout.readline())
        athanor("review", "followed", "--approve", "all", "--by", "anna")
        next_ones = [json.loads(process.stdout.readline()) for _ in range(2)]
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert [one["seq"] for one in next_ones] == [first["seq"] + 1, first["seq"] + 2]
    assert {one["actor"] for one in next_ones} == {"person:anna"}
