"""What a campaign says of a Bluesky queue server under `execution.settings`."""

from pydantic import ConfigDict, Field, SecretStr

from adapters.signature import Signature


class BlueskySettings(Signature):
    """Where the server is, which plan is a job, and where its results are read."""

    # What is wrong with the settings is told without them: the keys are filled in by then.
    model_config = ConfigDict(hide_input_in_errors=True)

    url: str = Field(description="Address of the HTTP server: http://beamline:60610.")
    api_key: SecretStr | None = Field(
        default=None, description="Its API key, by reference: ${BLUESKY_KEY}."
    )
    plan: str = Field(description="Name of the plan that carries a job out.")
    md: str | None = Field(
        default="md",
        description="The plan's argument for metadata, which takes the job's id into the documents of "
        "its runs; null if it has none.",
    )
    results: str = Field(
        default="get_run",
        description="The lab's function that returns what a run brought: run uid -> dictionary.",
    )
    claims: str | None = Field(
        default=None,
        description="The lab's function that says whether a job was begun, and rules one out; without it "
        "a job in doubt goes to a person.",
    )
    start_queue: bool = Field(
        default=False,
        description="Whether the queue is started when a job is added to it. It is never started while "
        "there are items of others in it. By default people do, or its autostart.",
    )
    parallel: int = Field(default=1, ge=1, description="Jobs in the queue at the same time.")
    timeout_s: float = Field(default=10.0, gt=0, description="How long one answer may take.")
    lock_s: float = Field(
        default=5.0, ge=0, description="How long to wait for the lock of the queue."
    )
    lock_left_s: float = Field(
        default=300.0,
        gt=0,
        description="After how long a lock that a sender of the agent has left behind is taken away.",
    )
    function_s: float = Field(
        default=60.0, gt=0, description="How long a function of the lab may take."
    )
    cancel_s: float = Field(
        default=30.0,
        gt=0,
        description="How long to wait for a plan to be aborted, its clean-up too.",
    )
    emergency_s: float = Field(
        default=20.0,
        gt=0,
        description="How long a plan's clean-up may take in an emergency stop before the environment is "
        "destroyed.",
    )
    emergency_lock_key: SecretStr | None = Field(
        default=None,
        description="The server's emergency key, by reference; without it an operator's lock of the "
        "environment withstands an emergency stop.",
    )
    on_cancel: str = Field(
        default="the plan is paused at once and aborted: its own clean-up is carried out; the lab has not "
        "said what that leaves hot, open or moving",
        description="What the instrument does when a job is cancelled: only the lab knows.",
    )
    on_lost_contact: str = Field(
        default="the plan goes on to its end, and the queue after it; the lab has not said what its "
        "devices do when the worker dies",
        description="What it does when nobody hears of it: only the lab knows.",
    )
    on_emergency_stop: str = Field(
        default="the queue is stopped and locked, and the plan aborted, with its own clean-up; a worker that does "
        "not obey is destroyed; the lab has not said what its devices do then",
        description="What the instrument does at an emergency stop: only the lab knows.",
    )
