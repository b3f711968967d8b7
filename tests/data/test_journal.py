"""The chain of the journal, without a database."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.core.register import JournalEntry
from agent.data.journal import START, Head, seal, verify
from agent.errors import JournalBroken
from tests.contracts import store_world as w
from tests.strategies import actors, documents, moments, texts

LINES = st.lists(
    st.fixed_dictionaries(
        {"at": moments, "by": actors, "event": texts, "subject": texts, "data": documents}
    ),
    min_size=1,
    max_size=5,
)


def _chain(lines: list[dict[str, object]]) -> list[JournalEntry]:
    head, chain = START, []
    for line in lines:
        entry = seal(head, campaign="c1", **line)  # type: ignore[arg-type]
        head = Head(entry.seq, entry.hash)
        chain.append(entry)
    return chain


@given(LINES)
def test_a_chain_holds_and_no_line_of_it_can_be_altered(lines: list[dict[str, object]]) -> None:
    chain = _chain(lines)
    assert verify(chain) == len(chain)
    for place, entry in enumerate(chain):
        for change in ({"subject": entry.subject + "x"}, {"by": w.BERT}, {"data": {"new": 1}}):
            altered = [*chain]
            altered[place] = entry.model_copy(update=change)
            with pytest.raises(JournalBroken, match=f"line {place + 1} "):
                verify(altered)


def test_lines_cannot_change_places() -> None:
    line = {"at": w.NOW, "by": w.ANNA, "event": "e", "subject": "s", "data": {}}
    first, second, third = _chain([line, line, line])
    with pytest.raises(JournalBroken, match="line 2 "):
        verify([first, third, second])
    with pytest.raises(JournalBroken, match="line 2 "):
        verify([first, first.model_copy(update={"seq": 2}), third])
