"""Whoever claims a job first has decided."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.claims import Claims
from agent.errors import Unreachable


def test_the_first_claim_stands_whoever_comes_later(tmp_path: Path) -> None:
    mine, theirs = Claims(tmp_path / "claims"), Claims(tmp_path / "claims")
    assert mine.word("a-T0001.1.1") is None
    assert mine.take("a-T0001.1.1", "sent")
    assert not theirs.take("a-T0001.1.1", "withdrawn")
    assert theirs.word("a-T0001.1.1") == "sent"
    assert theirs.take("a-T0001.1.2", "withdrawn")
    assert not mine.take("a-T0001.1.2", "sent")


def test_of_many_at_once_one_gets_it(tmp_path: Path) -> None:
    def take(number: int) -> bool:
        return Claims(tmp_path).take("job", "sent" if number % 2 else "withdrawn")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(32))) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["job.claim"]


@given(st.lists(st.text(min_size=1, max_size=20), unique=True, min_size=2, max_size=5))
def test_every_id_has_a_claim_of_its_own(
    tmp_path_factory: pytest.TempPathFactory, ids: list[str]
) -> None:
    claims = Claims(tmp_path_factory.mktemp("claims"))
    assert all(claims.take(one, "sent") for one in ids)
    assert not any(claims.take(one, "withdrawn") for one in ids)


def test_a_folder_that_takes_nothing_is_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unreachable, match="cannot be written to"):
        Claims(tmp_path / "file").take("job", "sent")
    with pytest.raises(Unreachable, match="cannot be read"):
        Claims(tmp_path / "file").word("job")
