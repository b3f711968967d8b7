"""Beginning an execution: what is sent for a plan, and what the server makes of it."""

import time
from typing import Any

from adapters.sila.link import command_of
from adapters.sila.seen import code_of, told
from adapters.sila.settings import SilaSettings
from adapters.sila.values import arguments_for
from agent.core.job import SampleRef
from agent.core.trial import Plan
from agent.errors import MissingExtra, Refused, Unreachable

try:
    from sila2.client import ClientObservableCommandInstance, SilaClient
    from sila2.framework import (
        CommandExecutionStatus,
        FrameworkError,
        SilaError,
        ValidationError,
    )
except ImportError as error:
    raise MissingExtra("sila2 is not installed", 'pip install "athanor[sila]"') from error

_POLL_S = 0.02


def arguments_of(
    client: SilaClient,
    settings: SilaSettings,
    plan: Plan,
    key: str,
    sample: SampleRef | None,
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What is sent for a plan, as the server declares it, and the reasons against that.

    The server is asked something as well: its definitions were read when it was connected, and it may be gone.

    Raises:
        AdapterError: it has no such command.
    """
    client.SiLAService.ServerUUID.get()
    _, definition = command_of(client, settings.path(settings.command))
    given = settings.arguments(plan, sample)
    if settings.key is not None:
        given[settings.key] = key
    return arguments_for(definition, given)


def begin(
    client: SilaClient, settings: SilaSettings, arguments: dict[str, Any]
) -> "ClientObservableCommandInstance[Any]":
    """Send the command, once; its execution.

    Raises:
        Refused: the server said against it before it began an execution.
        Unreachable: it said something else.
    """
    command, _ = command_of(client, settings.path(settings.command))
    try:
        begun: ClientObservableCommandInstance[Any] = command(**arguments)
    except (ValidationError, FrameworkError) as error:
        raise Refused(f"the server did not accept it: {told(error)}") from error
    except SilaError as error:
        refused = settings.meanings.get(code_of(error)) == "refused"
        kind = Refused if refused else Unreachable
        raise kind(f"the server began no execution: {told(error)}") from error
    return begun


def ended_early(begun: "ClientObservableCommandInstance[Any]", seconds: float) -> bool:
    """Whether an execution ends with an error before it has begun to run, or at once.

    Servers made with sila2 cannot refuse a command but by its constraints: what the lab's code refuses has a UUID
    already, and ends with an error.
    """
    deadline = time.monotonic() + seconds
    while begun.status in {None, CommandExecutionStatus.waiting}:
        if time.monotonic() > deadline:
            return False
        time.sleep(_POLL_S)
    return begun.status is CommandExecutionStatus.finishedWithError
