"""What an approval permits, and what it does not."""

from datetime import timedelta

import pytest

from agent.core.trial import Setting
from agent.dispatch.plans import approval_for, permits
from tests.contracts import store_world as w

EXPIRED = {"expires_at": w.NOW}


def test_it_permits_exactly_what_it_binds() -> None:
    assert permits(w.approval(), w.plan(), w.NOW)
    assert approval_for(w.plan(), [w.approval(2), w.approval(1)], w.NOW) == w.approval(1)


@pytest.mark.parametrize(
    "change", [{"job": "j1"}, {"revoked_at": w.NOW}, EXPIRED, {"trial": "t2"}, {"digest": "0" * 64}]
)
def test_one_that_is_used_up_permits_nothing(change: dict[str, object]) -> None:
    approval = w.approval(**change)
    assert not permits(approval, w.plan(), w.NOW)
    assert approval_for(w.plan(), [approval], w.NOW) is None


def test_it_permits_until_it_expires() -> None:
    approval = w.approval(expires_at=w.NOW + timedelta(seconds=1))
    assert permits(approval, w.plan(), w.NOW)
    assert not permits(approval, w.plan(), w.NOW + timedelta(seconds=1))


@pytest.mark.parametrize(
    "change",
    [
        {"parameters": {"temperature": Setting(value=80.1, unit="degC")}},
        {"parameters": {"temperature": Setting(value=80.0, unit="degF")}},
        {"objectives": {"yield": "g"}},
        {"instrument_settings": {"gas": "argon"}},
        {"limits": "others"},
        {"fidelity": "quick"},
        {"instrument": "the other robot"},
        {"step": "wash"},
        {"revision": 2},
    ],
)
def test_whatever_changes_needs_another(change: dict[str, object]) -> None:
    assert not permits(w.approval(), w.plan(**change), w.NOW)
