"""What a campaign says of a MADSci node under `execution.settings`."""

from pydantic import Field, SecretStr

from adapters.signature import Signature


class MadsciSettings(Signature):
    """Which node and action, and how long is waited for it."""

    url: str = Field(
        pattern=r"^(https?://[^@]+|\$\{.+)$",
        description="Address of the node: http://furnace.lab:2000. A password goes into headers.",
    )
    action: str = Field(min_length=1, description="Name of the node's action that makes a sample.")
    headers: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Sent with every request. A node itself checks nobody: a proxy before it may want "
        "Authorization: 'Bearer ${LAB_TOKEN}'.",
    )
    job_argument: str | None = Field(
        default=None, description="Argument that the job's id is sent as, if the action takes one."
    )
    parallel: int = Field(default=1, ge=1, description="Jobs that it takes at the same time.")
    timeout_s: float = Field(
        default=10.0,
        gt=0,
        description="Seconds for which an answer is waited for; that to a start takes half a second.",
    )
    patience_s: float = Field(
        default=2.0,
        ge=0,
        description="Seconds for which a node is asked again about an action in doubt.",
    )
    cancel_deadline_s: float = Field(
        default=30.0, ge=0, description="Seconds for which a cancelled action is waited for to end."
    )
    stop_deadline_s: float = Field(
        default=20.0,
        ge=0,
        description="Seconds for which an emergency stop is tried again after silence.",
    )
    on_cancel: str = Field(
        default="the node is told to cancel; what its action does then, the node's owner knows",
        min_length=1,
        description="What the instrument does when a job is cancelled: a furnace ramps down.",
    )
    on_lost_contact: str = Field(
        default="the node goes on with the action that it runs",
        min_length=1,
        description="What the instrument does while nobody reaches it.",
    )
    on_emergency_stop: str = Field(
        default="the node is told to stop for safety (or to cancel, where it cannot), and is locked; what its "
        "devices do then, the node's owner knows",
        min_length=1,
        description="What the instrument does at an emergency stop.",
    )
