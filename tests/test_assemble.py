"""The composition root tells what is wrong, and keeps secrets to itself."""

import pytest

from agent.assemble import adapter_of
from agent.errors import AdapterError
from tests.loop.worlds import campaign


def test_settings_that_do_not_fit_are_told_without_what_was_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LAB_KEY", "s3cret")
    settings = {"function": "branin", "noise_sd": "${LAB_KEY}", "wrong": "${LAB_KEY}"}
    made = campaign(execution={"adapter": "function", "settings": settings})
    with pytest.raises(AdapterError, match="wrong: Extra inputs") as told:
        adapter_of(made)
    assert "s3cret" not in str(told.value)
