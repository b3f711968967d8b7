"""The line to a SiLA 2 server: connected when first asked, with a deadline of our own on every call.

The client has no deadlines: a call to a server that lies still does not return. Nor does a command that was begun: its
status stays `running` when the server has died. So every call here runs in a thread of its own, what became of an
execution is asked for anew each time, and when the time is up the channel is closed, which ends the thread.
"""

import socket
import ssl
import threading
from collections.abc import Callable
from typing import Any, Protocol, TypeVar
from uuid import UUID

from adapters.deadline import within
from agent.errors import AdapterError, MissingExtra, Unreachable

try:
    from sila2.client import ClientObservableCommandInstance, SilaClient
    from sila2.framework import Command, ObservableCommand, SilaConnectionError, SilaError
except ImportError as error:
    raise MissingExtra("sila2 is not installed", 'pip install "athanor[sila]"') from error

T = TypeVar("T")

_COMPILING = threading.Lock()
"""One connection at a time: the client compiles what it finds by way of files, `sys.path` and `sys.modules`."""


class Address(Protocol):
    """Where a server is, and how it is trusted."""

    @property
    def host(self) -> str:
        """Its name or IP address."""
        ...

    @property
    def port(self) -> int:
        """Its port."""
        ...

    @property
    def insecure(self) -> bool:
        """Whether it is spoken to without encryption."""
        ...

    @property
    def certificates(self) -> bytes | None:
        """Root certificates (PEM) to trust; None for those of this machine."""
        ...

    @property
    def server_uuid(self) -> str | None:
        """Who has to answer there; None for whoever does."""
        ...


class Link:
    """The line to one server. The connection is kept for its cost only, and made anew after any doubt.

    Args:
        address: Where it is.
    """

    def __init__(self, address: Address) -> None:
        self._address = address
        self._client: SilaClient | None = None

    def __str__(self) -> str:
        """Where it is: host and port."""
        return f"{self._address.host}:{self._address.port}"

    def ask(self, work: Callable[[SilaClient], T], seconds: float) -> T:
        """What `work` does with the connected client.

        Raises:
            Unreachable: no connection, or no answer in time.
            SilaError: what the server says against it.
        """
        client = self._connected(seconds)
        try:
            return within(
                seconds, lambda: work(self._the_right_one(client)), lambda: self._drop(client)
            )
        except TimeoutError as error:
            raise Unreachable(
                f"the SiLA 2 server at {self} does not answer: {error}", _HINT
            ) from error
        # A ValueError comes of a channel that another thread has given up meanwhile.
        except (SilaConnectionError, ValueError) as error:
            self._drop(client)
            raise Unreachable(f"the SiLA 2 server at {self} is lost: {error}", _HINT) from error

    def _connected(self, seconds: float) -> SilaClient:
        """The client, connected.

        Raises:
            Unreachable: there is no connection within so many seconds.
        """
        if self._client is not None:
            return self._client
        attempt = _Attempt(self._address, seconds)
        try:
            self._client = within(seconds, attempt.connect, attempt.give_up)
        except (SilaConnectionError, SilaError, OSError, RuntimeError, TypeError, ValueError) as e:
            attempt.give_up()
            raise Unreachable(f"no connection to a SiLA 2 server at {self}: {e}", _HINT) from e
        return self._client

    def _the_right_one(self, client: SilaClient) -> SilaClient:
        """The client, if the server is the one that is meant: what another one does not know says nothing."""
        wanted = self._address.server_uuid
        if wanted is not None and (other := client.SiLAService.ServerUUID.get()) != wanted:
            raise Unreachable(
                f"at {self} is the server {other}, and not {wanted}", "where is that one now?"
            )
        return client

    def _drop(self, client: SilaClient) -> None:
        if self._client is client:
            self._client = None
        client.close()


_HINT = "is it running, are host, port and encryption right, and is it in no_proxy where there is a proxy?"


class _Attempt:
    """A connection that is being made, and may be given up from outside."""

    def __init__(self, address: Address, seconds: float) -> None:
        self._address, self._seconds = address, seconds
        self._over = False
        self._client: _Client | None = None

    def connect(self) -> SilaClient:
        """Connect, and read the server's features.

        Raises:
            SilaConnectionError: there is no server, or it was given up.
        """
        if not _COMPILING.acquire(timeout=self._seconds):
            raise SilaConnectionError("other connections are being made")
        try:
            if self._over:
                raise SilaConnectionError("given up")
            return _Client(self._address, self._seconds, self._begun)
        finally:
            _COMPILING.release()

    def give_up(self) -> None:
        """End what is being done."""
        self._over = True
        if self._client is not None:
            self._client.close()

    def _begun(self, client: "_Client") -> None:
        self._client = client


class _Client(SilaClient):
    """A client that is known, and can be closed, before its constructor has connected it."""

    def __init__(
        self, address: Address, seconds: float, begun: Callable[["_Client"], None]
    ) -> None:
        begun(self)
        place = (address.host, address.port)
        # A client costs some memory for ever: none is made for a server that is not there, all night long.
        socket.create_connection(place, timeout=seconds).close()
        roots = address.certificates
        if roots is not None:
            # The base class asks for the certificate again, without any deadline.
            ssl.get_server_certificate(place, timeout=seconds)
        super().__init__(address.host, address.port, root_certs=roots, insecure=address.insecure)

    def close(self) -> None:
        """Close the channel, if there is one yet."""
        if hasattr(self, "_channel"):
            super().close()


class Execution(ClientObservableCommandInstance[Any]):
    """An execution as its UUID names it, after a restart of the agent too.

    Without the subscription that the base class begins: an unknown UUID would end its thread with a traceback, and
    what it has heard last stays true for it when the server is gone.
    """

    def __init__(self, client: SilaClient, command: Any, uuid: UUID) -> None:
        self._parent_client = client
        self._client_command = command
        self._uuid = uuid

    @property
    def execution_uuid(self) -> UUID:  # type: ignore[override] # of the base class it is a property too
        """Its UUID."""
        return self._uuid


def command_of(client: SilaClient, path: str) -> tuple[Any, Command]:
    """The command to call and its definition, by `Feature.Command`.

    Raises:
        AdapterError: the server has no such feature, or the feature no such command.
    """
    feature_name, _, name = path.partition(".")
    feature = getattr(client, feature_name, None)
    if feature is None:
        raise AdapterError(
            f"the server has no feature '{feature_name}'",
            f"it has: {', '.join(client.SiLAService.ImplementedFeatures.get())}",
        )
    try:
        definition = feature[name]
    except KeyError:
        definition = None
    if not isinstance(definition, Command):
        raise AdapterError(
            f"the feature {feature_name} has no command '{name}'",
            "see the feature definition that the server gives",
        )
    return getattr(feature, name), definition


def is_observable(definition: Command) -> bool:
    """Whether a command runs on after its call has returned."""
    return isinstance(definition, ObservableCommand)


def locked(client: SilaClient) -> bool:
    """Whether somebody has locked the server, where it can be locked."""
    controller = getattr(client, "LockController", None)
    return controller is not None and bool(controller.IsLocked.get())


def server_facts(client: SilaClient) -> dict[str, str]:
    """Who answers: name, type, version and UUID."""
    service = client.SiLAService
    return {
        "name": service.ServerName.get(),
        "type": service.ServerType.get(),
        "version": service.ServerVersion.get(),
        "uuid": service.ServerUUID.get(),
    }
