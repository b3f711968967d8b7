"""A flow whose server is lost: an error of ours, with what to do about it."""

import httpx
import pytest

from agent.errors import AthanorError, LeaseLost
from agent.flow import reaching


def test_what_a_flow_comes_to_is_handed_on() -> None:
    assert reaching(lambda: "finished") == "finished"


def test_a_server_that_was_lost_is_told_with_what_goes_on_without_it() -> None:
    def lost() -> str:
        raise httpx.ConnectError("connection refused")

    with pytest.raises(AthanorError, match="was lost: connection refused") as told:
        reaching(lost)
    assert "--direct" in told.value.hint


def test_other_faults_are_told_as_they_are() -> None:
    def overtaken() -> str:
        raise LeaseLost("somebody was faster")

    with pytest.raises(LeaseLost):
        reaching(overtaken)
