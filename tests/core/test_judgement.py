"""Which points do not work, by what instruments and people said."""

import pytest

from agent.core.actor import Actor
from agent.core.job import JobStatus
from agent.core.judgement import Judgement, faults, infeasible
from tests.core.made import NOW, job, observation

ANNA = Actor(kind="person", name="anna")
TRIAL = "c-T0001"


def said(*words):
    return [
        Judgement(
            id=f"c-J{n:04d}", campaign="c", trial=TRIAL, word=word, reason="so", by=ANNA, at=NOW
        )
        for n, word in enumerate(words, start=1)
    ]


def failed(kind):
    return [job(TRIAL, status=JobStatus.FAILED, failure=kind)]


@pytest.mark.parametrize(
    ("kind", "words", "seen", "works_not"),
    [
        ("infeasible", [], {}, True),
        ("instrument", [], {}, False),
        ("infeasible", ["fault"], {}, False),
        ("instrument", ["infeasible"], {}, True),
        ("infeasible", ["fault", "infeasible"], {}, True),
        ("instrument", ["infeasible", "fault"], {}, False),
        ("infeasible", [], {"void": "nothing in the vial"}, True),
        ("infeasible", [], {"value": 3.0}, False),
        ("instrument", ["infeasible"], {"high": 0.5}, False),
    ],
)
def test_the_last_word_counts_and_a_reading_more(kind, words, seen, works_not):
    seen = [observation(1, TRIAL, **seen)] if seen else []
    assert infeasible(failed(kind), said(*words), seen) == ({TRIAL} if works_not else set())


def test_what_was_a_fault_says_nothing():
    assert faults(said("fault")) == {TRIAL}
    assert faults(said("fault", "infeasible")) == set()
