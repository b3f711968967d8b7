"""What a run of the contract suite will do to an instrument, said before anything is done."""

from typing import NamedTuple

from agent.core.adapter import Capabilities
from agent.core.harmless import Declaration

STOP = "test_emergency_stop_is_never_gated"
CANCEL = "test_cancel_has_an_answer"
BARRED = "test_a_sure_absence_bars_a_late_sender"

SENDINGS = {
    "test_capabilities_are_complete_and_constant": 0,
    "test_health_has_a_reason_unless_ready": 0,
    "test_settings_feed_a_schema": 0,
    "test_check_is_pure_and_repeatable": 0,
    "test_check_gives_reasons_not_exceptions": 0,
    "test_an_unknown_objective_or_unit_is_a_reason": 0,
    "test_prepare_has_no_effect": 0,
    "test_a_bad_job_is_refused_or_fails": 0,
    "test_a_job_never_started": 0,
    "test_a_started_job_is_seen_and_ends": 1,
    "test_measurements_answer_what_was_asked": 1,
    "test_no_state_is_kept": 1,
    "test_after_a_crash_a_look_up_sees_what_was_sent": 1,
    "test_collecting_twice_gives_the_same": 1,
    BARRED: 1,
    CANCEL: 1,
    STOP: 0,
}
"""How often each test of the contract gives `good` to the instrument, at worst; in the order in which they are
run: what has no effect first, then by what is learnt of the instrument, and the stop at the end.

What `find` was sure of is sent once more to see it refused: it is executed only if the adapter was wrong.
"""


class Foreseen(NamedTuple):
    """One promise: how often `good` is executed for it, at worst, and why it is not tried, if it is not."""

    test: str
    sendings: int
    left_out: str

    @property
    def spare(self) -> bool:
        """Whether it is executed only if the adapter is wrong."""
        return self.test == BARRED


def foreseen(declared: Declaration, promised: Capabilities) -> tuple[Foreseen, ...]:
    """Every promise in the order in which they are tried; those that were not declared are left out.

    What only computes is harmless: `may` has nothing to say of it.
    """
    left, found = declared.executions, []
    physical = promised.effect == "physical"
    for test, sendings in SENDINGS.items():
        why = ""
        word = {CANCEL: "cancel", STOP: "emergency_stop"}.get(test)
        if physical and word is not None and word not in declared.may:
            why = f"not declared; to try it: may: [{word}]"
        elif sendings > left:
            why = f"it needs one execution more than the {declared.executions} that were declared"
        else:
            left -= sendings
        found.append(Foreseen(test, sendings, why))
    return tuple(found)
