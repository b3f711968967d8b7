"""`athanor store journal`: the account, as a person reads it."""

from pathlib import Path

from agent.assemble import SystemClock
from agent.commands.common import existing
from agent.core.actor import AGENT
from tests.commands.conftest import Athanor


def test_a_line_says_what_became_of_its_subject_and_why(
    athanor: Athanor, store: str, reviewed: Path
) -> None:
    athanor("run", str(reviewed), "--direct", "--no-wait", code=3)
    athanor("review", "reviewed", "--reject", "1", "--reason", "the oven is booked", "--by", "ada")
    with existing(store) as opened:
        campaign = opened.entry("reviewed").id
        raised = "Traceback (most recent call last):\n  File …\nKeyError: 'slot'\n"
        with opened.write(AGENT, SystemClock().now()) as tx:
            tx.record(campaign, "adapter.error", "x", {"reason": raised})
    lines = athanor("store", "journal", "reviewed").output.splitlines()
    told = {words[4]: " ".join(words[6:]) for words in map(str.split, lines)}
    assert told["trial.reviewed"] == "reject: the oven is booked"
    assert told["adapter.error"] == "KeyError: 'slot'"
