"""Every error of the house, on one page. Each says what happened and carries a hint: what to do about it.

AthanorError
├── CampaignError        the campaign file, or a change to it, cannot be used (lists every fault at once)
├── OperatorsError       the operators' file cannot be used (lists every fault at once)
├── SpaceError           a point, an expression or a space is not what it should be
├── LifecycleError       a step that no life cycle knows, or that this actor may not take
├── StoreError           the store cannot be opened, read or written
│   ├── NotFound         nothing of that name
│   ├── SchemaBehind     the store is older (or newer) than this program
│   ├── LeaseHeld        somebody else is taking steps in this campaign
│   ├── LeaseLost        somebody else has taken over; whatever was being written was not
│   └── JournalBroken    the hash chain of the journal does not hold
├── GateError            nothing is sent without an approval that binds what is sent
│   └── OutsideLimits    what would be sent is not what the operators allow on the instrument
├── BudgetSpent          a reservation would exceed the budget
├── AdapterError         an instrument or a simulator cannot be used as asked
│   ├── Refused          it is certain that nothing was executed
│   └── Unreachable      no answer; whether anything was executed is not known
├── IngestError          a result cannot be taken in as it is
├── ModelError           no surrogate of the fallback chain could be fitted
├── ReplayError          a decision cannot be recomputed
└── MissingExtra         an optional package is not installed
"""

from collections.abc import Sequence
from typing import NamedTuple


class Fault(NamedTuple):
    """One thing wrong in a file: where (path in the file), what, and the mend."""

    path: str
    what: str
    mend: str

    def __str__(self) -> str:
        """One line: path, what is wrong, and the mend."""
        return f"{self.path}: {self.what}" + (f" ({self.mend})" if self.mend else "")


class AthanorError(Exception):
    """Root of the tree.

    Args:
        message: What happened, in one sentence.
        hint: What the reader can do about it.
    """

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        """The message, with the hint after it."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class CampaignError(AthanorError):
    """The campaign cannot be used; `faults` lists everything wrong with it at once."""

    def __init__(self, message: str, hint: str = "", faults: Sequence[Fault] = ()) -> None:
        super().__init__(message, hint)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        """The message and every fault, a line each."""
        return "\n".join([super().__str__(), *(f"  {fault}" for fault in self.faults)])


class OperatorsError(AthanorError):
    """The operators' file cannot be used; `faults` lists everything wrong with it at once."""

    def __init__(self, message: str, hint: str = "", faults: Sequence[Fault] = ()) -> None:
        super().__init__(message, hint)
        self.faults = tuple(faults)

    def __str__(self) -> str:
        """The message and every fault, a line each."""
        return "\n".join([super().__str__(), *(f"  {fault}" for fault in self.faults)])


class SpaceError(AthanorError):
    """A point, an expression or a space is not what it should be."""


class LifecycleError(AthanorError):
    """A step that no life cycle knows, or that this actor may not take."""


class StoreError(AthanorError):
    """The store cannot be opened, read or written."""


class NotFound(StoreError):
    """Nothing of that name is in the store."""


class SchemaBehind(StoreError):
    """The store's tables are of another version than this program."""


class LeaseHeld(StoreError):
    """Somebody else is taking steps in this campaign."""


class LeaseLost(StoreError):
    """Somebody else has taken the lease over; what was being written was not written."""


class JournalBroken(StoreError):
    """The hash chain of the journal does not hold: the account was altered."""


class GateError(AthanorError):
    """Nothing is sent without an approval that binds exactly what is sent."""


class OutsideLimits(GateError):
    """What would be sent is not what the operators allow; `reasons` has a sentence for each fault.

    Args:
        instrument: Whose limits.
        reasons: What they say.
        against: What they speak against, as a person knows it.
        mend: What can be done about it.
    """

    def __init__(
        self,
        instrument: str,
        reasons: Sequence[str],
        *,
        against: str = "it",
        mend: str = "edit or reject it",
    ) -> None:
        said = "; ".join(reasons)
        super().__init__(
            f"the operators' limits of {instrument} speak against {against}: {said}", mend
        )
        self.reasons = tuple(reasons)


class BudgetSpent(AthanorError):
    """A reservation would exceed the campaign's budget."""


class AdapterError(AthanorError):
    """An instrument or a simulator cannot be used as asked."""


class Refused(AdapterError):
    """It is certain that nothing was executed."""


class Unreachable(AdapterError):
    """No answer: whether anything was executed is not known."""


class IngestError(AthanorError):
    """A result cannot be taken in as it is."""


class ModelError(AthanorError):
    """No surrogate of the fallback chain could be fitted."""


class ReplayError(AthanorError):
    """A decision cannot be recomputed from its stored inputs."""


class MissingExtra(AthanorError):
    """An optional package is not installed; the hint names the extra."""
