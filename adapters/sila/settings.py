"""What a campaign says of a SiLA 2 server: where it is, which command makes a sample, what else it can be asked."""

from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from adapters.signature import Signature

Meaning = Literal["absent", "running", "done", "failed", "cancelled", "refused", "lost"]
"""What a word of the server's comes to. `refused`: nothing was executed. `lost`: a person has to look."""


def _from_name(told: Any) -> Any:
    return {"command": told} if isinstance(told, str) else told


class Call(BaseModel):
    """An unobservable command. A text alone is its name."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    command: str = Field(
        description="Name of the command; of another feature with that before it: "
        "'CancelController.CancelCommand'."
    )
    key: str | None = Field(
        default=None,
        description="Argument that takes the job's id; by default the argument of that name in `key` of the "
        "settings.",
    )
    execution: str | None = Field(
        default=None,
        description="Argument that takes the UUID of the execution, in the key's place.",
    )
    constants: dict[str, Any] = Field(
        default_factory=dict, description="Arguments that are always the same."
    )


class Lookup(Call):
    """A command that tells what became of a sample, by its id."""

    state: str | None = Field(
        default=None,
        description="Response that says how the sample stands, in words that `meanings` knows; without it an "
        "answer means done.",
    )
    uuid: str | None = Field(
        default=None, description="Response that has the UUID of the execution, or nothing."
    )


_Call = Annotated[Call, BeforeValidator(_from_name)]


class SilaSettings(Signature):
    """Where the server is, which command makes a sample, and by what it is looked up and stopped."""

    host: str = Field(min_length=1, description="Name or IP address of the server.")
    port: int = Field(ge=1, le=65535, description="Port of the server.")
    insecure: bool = Field(
        default=False, description="true: without encryption, in a network that is trusted."
    )
    root_certificate: Path | None = Field(
        default=None,
        description="File (PEM) with the certificate to trust; by default those of this machine.",
    )
    server_uuid: str | None = Field(
        default=None,
        description="UUID that the server has to have: nothing is asked of another one at its address.",
    )
    feature: str = Field(description="Name of the feature that has the command: 'SampleMaker'.")
    command: str = Field(description="Name of the observable command that makes a sample.")
    key: str | None = Field(
        default=None, description="Argument of the command that takes the job's id: 'SampleId'."
    )
    lookup: Annotated[Lookup, BeforeValidator(_from_name)] | None = Field(
        default=None, description="Command that tells what became of a sample by its id."
    )
    withdraw: _Call | None = Field(
        default=None,
        description="Command from whose answer on a sample of that id is never begun; one that was begun goes on.",
    )
    cancel: _Call | None = Field(default=None, description="Command that stops one sample.")
    emergency_stop: _Call | None = Field(
        default=None, description="Command that brings the instrument to its safe state."
    )
    meanings: dict[str, Meaning] = Field(
        default_factory=dict,
        description="What the server's own words mean, names of its errors and values of the look-up's "
        "`state`: absent, running, done, failed, cancelled, refused (nothing was executed) or lost.",
    )
    parallel: int = Field(
        default=1, ge=1, description="Samples at the same time; SiLA 2 itself holds none back."
    )
    deadline_s: float = Field(
        default=5.0, gt=0, description="Seconds within which the server has to answer a question."
    )
    start_deadline_s: float = Field(
        default=30.0, gt=0, description="Seconds within which it has to take a command."
    )
    acceptance_s: float = Field(
        default=1.0,
        ge=0,
        description="Seconds in which a command that was taken may still be refused, while it is waiting.",
    )
    cancel_deadline_s: float = Field(
        default=10.0, gt=0, description="Seconds within which a cancelled sample has to have ended."
    )
    on_cancel: str = Field(default="", description="What the instrument does when it is cancelled.")
    on_lost_contact: str = Field(
        default="", description="What the instrument does when it loses contact."
    )
    on_emergency_stop: str = Field(
        default="", description="What the instrument does at an emergency stop."
    )

    @property
    def certificates(self) -> bytes | None:
        """The certificate to trust.

        Raises:
            OSError: it cannot be read.
        """
        return None if self.root_certificate is None else self.root_certificate.read_bytes()

    def path(self, name: str) -> str:
        """`Feature.Command` of a command's name."""
        return name if "." in name else f"{self.feature}.{name}"

    def meaning_of(self, word: str) -> Meaning | None:
        """What a word of the server's means; None if nobody has said so."""
        plainly: dict[str, Meaning] = {meaning: meaning for meaning in get_args(Meaning)}
        return {**plainly, **self.meanings}.get(word)

    @model_validator(mode="after")
    def _agree(self) -> "SilaSettings":
        if self.insecure and self.root_certificate is not None:
            raise ValueError("insecure and root_certificate exclude each other")
        if self.key is None and (self.lookup or self.withdraw):
            raise ValueError("lookup and withdraw need `key`, the argument that takes the job's id")
        if self.withdraw and not self.lookup:
            raise ValueError("withdraw needs `lookup`, which tells what was begun before")
        if "." in self.command:
            raise ValueError("name the feature under `feature`")
        return self
