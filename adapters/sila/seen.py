"""How a sample stands at a SiLA 2 server: by its execution's UUID, or by the look-up that takes its id."""

from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from adapters.sila.link import Execution, command_of, is_observable, server_facts
from adapters.sila.settings import Call, Meaning, SilaSettings
from adapters.sila.values import arguments_for, names_of, plain
from agent.errors import AdapterError, MissingExtra, Unreachable

try:
    from sila2.client import SilaClient
    from sila2.framework import (
        CommandExecutionNotAccepted,
        CommandExecutionNotFinished,
        DefinedExecutionError,
        FrameworkError,
        InvalidCommandExecutionUUID,
        SilaError,
        ValidationError,
    )
except ImportError as error:
    raise MissingExtra("sila2 is not installed", 'pip install "athanor[sila]"') from error


class Seen(NamedTuple):
    """How a sample stands, and who says so.

    `answer` has the command's responses, `document` everything that is worth keeping; `code` is the name of the
    server's error.
    """

    meaning: Meaning
    document: Mapping[str, Any] = {}
    answer: Mapping[str, Any] = {}
    execution: str | None = None
    code: str = ""
    message: str = ""


def look(
    client: SilaClient, settings: SilaSettings, key: str, handle: Mapping[str, Any]
) -> Seen | None:
    """By the execution if there is one, and by the job's id where the server has forgotten that.

    Raises:
        Unreachable: it cannot be asked.
    """
    execution = handle.get("execution")
    seen = None if execution is None else by_execution(client, settings, execution)
    return seen or by_key(client, settings, key)


def bar_and_look(
    client: SilaClient, settings: SilaSettings, key: str, handle: Mapping[str, Any]
) -> tuple[Seen | None, bool]:
    """How a job stands, and whether its id was withdrawn before that was asked.

    What the server once gave a UUID to was taken, whatever its memory says: that is never withdrawn.

    Raises:
        Unreachable: it cannot be asked.
    """
    barred = False
    if "execution" not in handle and settings.withdraw is not None:
        try:
            call(client, settings, settings.withdraw, key, None)
            barred = True
        except SilaError:
            barred = False
    return look(client, settings, key, handle), barred


def by_execution(client: SilaClient, settings: SilaSettings, execution: str) -> Seen | None:
    """What the server says of an execution; None if it does not know it.

    It is asked for the result, not for the status: that one has to be subscribed to.

    Raises:
        Unreachable: it cannot be asked.
    """
    path = settings.path(settings.command)
    command, _ = command_of(client, path)
    try:
        responses = Execution(client, command, UUID(execution)).get_responses()
    except CommandExecutionNotFinished:
        return Seen("running", execution=execution)
    except InvalidCommandExecutionUUID:
        return None
    except ValidationError as error:
        wrong = f"the answer does not keep to the definition of {path}: {error}"
        return Seen("lost", execution=execution, message=wrong)
    except SilaError as error:
        document = {**_about(client, path, execution), "error": told(error)}
        return Seen(
            ended_with(settings, error), document, {}, execution, code_of(error), told(error)
        )
    answer = plain(responses)
    return Seen("done", {**_about(client, path, execution), "responses": answer}, answer, execution)


def by_key(client: SilaClient, settings: SilaSettings, key: str) -> Seen | None:
    """What the look-up says of a job's id; None where there is no look-up.

    Raises:
        Unreachable: it has no answer to that.
    """
    lookup = settings.lookup
    if lookup is None:
        return None
    try:
        answer = plain(call(client, settings, lookup, key, None))
    except SilaError as error:
        meaning = settings.meanings.get(code_of(error))
        if meaning is None:
            raise Unreachable(
                f"{lookup.command} has no answer: {told(error)}",
                f"if that tells how a sample stands, say so under meanings: {code_of(error) or '…'}",
            ) from error
        return Seen(meaning, code=code_of(error), message=told(error))
    word = "done" if lookup.state is None else str(answer.get(lookup.state))
    said = "" if lookup.state is None else f"{lookup.command} says '{word}'"
    meaning = settings.meaning_of(word)
    if meaning is None:
        meaning, said = "lost", f"{said}, which `meanings` of the settings do not know"
    execution = answer.get(lookup.uuid) or None if lookup.uuid else None
    document = {**_about(client, settings.path(lookup.command), execution), "responses": answer}
    code = word if meaning in {"failed", "refused"} else ""
    return Seen(meaning, document, answer, execution, code, said)


def call(
    client: SilaClient, settings: SilaSettings, wanted: Call, key: str, execution: str | None
) -> Any:
    """Call an unobservable command for a job; what it answers.

    Raises:
        AdapterError: the server has no such command, or it takes other arguments.
        SilaError: what the server says against it.
    """
    path = settings.path(wanted.command)
    command, definition = command_of(client, path)
    if is_observable(definition):
        raise AdapterError(f"{path} is an observable command", "name one that answers at once")
    given = dict(wanted.constants)
    if wanted.key is not None:
        given[wanted.key] = key
    if wanted.execution is not None:
        given[wanted.execution] = execution
    if wanted.key is None and wanted.execution is None:
        given |= {name: key for name in names_of(definition.parameters) if name == settings.key}
    arguments, reasons = arguments_for(definition, given)
    if reasons:
        raise AdapterError(f"{path} cannot be called: {'; '.join(reasons)}", "mend the settings")
    return command(**arguments)


def ended_with(settings: SilaSettings, error: SilaError) -> Meaning:
    """What an execution came to that ended with an error.

    Raises:
        Unreachable: the error is about the question, not about the execution.
    """
    if isinstance(error, CommandExecutionNotAccepted):
        return "refused"
    if isinstance(error, FrameworkError):
        raise Unreachable(f"the server does not tell of it: {told(error)}") from error
    return settings.meanings.get(code_of(error), "failed")


def code_of(error: SilaError) -> str:
    """The name of an error that a feature defines; "" of any other."""
    if isinstance(error, DefinedExecutionError):
        return error.identifier
    return type(error).__name__ if isinstance(error, FrameworkError) else ""


def told(error: SilaError) -> str:
    """An error with its name."""
    return (
        str(error)
        if isinstance(error, DefinedExecutionError)
        else f"{type(error).__name__}: {error}"
    )


def _about(client: SilaClient, path: str, execution: str | None) -> dict[str, Any]:
    return {"server": server_facts(client), "command": path, "execution": execution}
