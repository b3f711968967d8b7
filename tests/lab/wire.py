"""An HTTP transport that writes a request in pieces, with a seam between any two."""

import socket
from http.client import HTTPException, HTTPResponse

import httpx

from tests.lab.seams import Seams


class Piecewise(httpx.BaseTransport):
    """One plain HTTP/1.1 request on a connection of its own, passing the seams of `SENDING`."""

    def __init__(self, seams: Seams) -> None:
        self._seams = seams

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request and read the whole answer.

        Raises:
            httpx.ConnectError: before any byte was written.
            httpx.ReadError: after that.
        """
        timeout = request.extensions.get("timeout", {}).get("read")
        place = (request.url.host, request.url.port or 80)
        try:
            connection = socket.create_connection(place, timeout=timeout)
        except OSError as error:
            raise httpx.ConnectError(str(error), request=request) from error
        try:
            with connection:
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return self._talk(connection, _spelled(request))
        except (OSError, HTTPException) as error:
            raise httpx.ReadError(str(error), request=request) from error

    def _talk(self, connection: socket.socket, content: bytes) -> httpx.Response:
        middle = len(content) // 2
        self._seams.reach("after 0 bytes")
        connection.sendall(content[:1])
        self._seams.reach("after 1 byte")
        connection.sendall(content[1:middle])
        self._seams.reach("in the middle of the request")
        connection.sendall(content[middle:])
        self._seams.reach("after the last byte")
        connection.recv(1, socket.MSG_PEEK)
        self._seams.reach("after the first byte of the answer")
        answer = HTTPResponse(connection)
        answer.begin()
        body = answer.read()
        self._seams.reach("after the answer")
        return httpx.Response(answer.status, content=body)


def _spelled(request: httpx.Request) -> bytes:
    lines = [f"{request.method} {request.url.raw_path.decode()} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in request.headers.items() if name != "connection"]
    return "\r\n".join([*lines, "connection: close", "", ""]).encode() + request.read()
