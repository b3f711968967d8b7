"""`athanor screen`: what a person and a program see of samples that come by."""

import json
from pathlib import Path

import pytest

from tests.commands.conftest import QUICK, Athanor


@pytest.fixture
def stream(tmp_path: Path) -> Path:
    """A campaign of a stream of samples, to be known everywhere."""
    path = tmp_path / "stream.yaml"
    text = QUICK.replace("quick", "stream").replace("minimise", "learn")
    path.write_text(text.replace("{name: random}", "{samples: stream}"))
    return path


def test_a_table_of_samples(athanor: Athanor, stream: Path, tmp_path: Path) -> None:
    samples = tmp_path / "samples.csv"
    samples.write_text("x1 [mm],x2 [mm]\n0,0\n10,15\n-5,10\n-4.9,10\n")
    result = athanor("screen", str(stream), "--samples", str(samples))
    assert "before there is a model every sample is asked for (3 of 3)" in result.output
    assert "3 of 4 samples asked for" in result.output
    told = athanor("status", "stream").output
    assert "3 done" in told
    assert "athanor screen goes on with it" in told


def test_where_it_ends_the_rest_is_not_looked_at(
    athanor: Athanor, stream: Path, tmp_path: Path
) -> None:
    samples = tmp_path / "samples.csv"
    rows = "".join(f"{x},{y}\n" for x in (-5, 0, 5, 10) for y in (0, 5, 10, 15))
    samples.write_text("x1 [mm],x2 [mm]\n" + rows)
    stream.write_text(stream.read_text().replace("experiments: 4", "experiments: 2"))
    result = athanor("screen", str(stream), "--samples", str(samples))
    assert "2 of 2 samples asked for" in result.output
    assert "stream is finished, and looks at no more: 2 of 2 experiments" in result.output


def test_check_tries_points_in_place_of_samples(athanor: Athanor, stream: Path) -> None:
    result = athanor("check", str(stream))
    assert "these stand for samples that come by (athanor screen)" in result.output


def test_a_stream_of_lines_as_json(athanor: Athanor, stream: Path) -> None:
    athanor("run", str(stream), "--direct", "--no-wait", code=3)
    lines = '{"x1": 0, "x2": 0}\n{"x1": 99, "x2": 0}\n'
    result = athanor("screen", "stream", "--json", stdin=lines)
    told = [json.loads(line) for line in result.stdout.splitlines() if line.startswith("{")]
    assert [one["ask"] for one in told] == [True, False]
    assert told[0]["trial"].endswith("-T0001")
