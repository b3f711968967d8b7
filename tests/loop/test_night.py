"""A simulated night on real servers: two campaigns share a furnace and a reader for twelve hours.

docs/night.md tells it. Whoever wants to look at one runs `make night`.
"""

from pathlib import Path

import pytest

pytest.importorskip("madsci.node_module", reason="athanor[labs] is not installed")
pytest.importorskip("sila2", reason="athanor[sila] is not installed")

from tests.lab.night.story import spent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

SCALE = 200.0
"""Twelve hours in 216 seconds: what an agent needs to decide, on a slow machine too, is minutes of the night."""

MOST_WASTED = 8
"""One film in the furnace that breaks, five empty wells at most before the reader is held (two campaigns, the third
of either), and one for each kill.
"""


def test_in_the_morning_nothing_is_doubled_and_the_right_people_were_called(tmp_path: Path) -> None:
    morning = spent(tmp_path / "night", SCALE)
    story = "\n".join(morning.story)
    assert morning.doubled == 0, story
    assert morning.lost == 0, story
    assert morning.stuck == 0, story
    assert morning.learnt == 0, story
    assert morning.astray == 0, story
    assert 1 <= morning.wasted <= MOST_WASTED, story
    assert morning.readings - morning.wasted >= 8, story
    for called in ("furnace is faulted", "reader is held by breaker", "tips left on reader"):
        assert called in story, f"nobody was called: {called}: {story}"
