"""The Bluesky adapter inside a process that ends itself at a seam: see `tests.lab.seams`.

Imported inside `athanor run` through the operators' file. Only the adding to the queue passes the seams of
the wire.
"""

import os

import httpx

from adapters.bluesky import BlueskyAdapter
from adapters.bluesky.settings import BlueskySettings
from tests.lab.seams import Seams, watch_commits
from tests.lab.wire import Piecewise

SEAMS = Seams(dict(os.environ))
if SEAMS:
    watch_commits(SEAMS)


class _Adding(httpx.BaseTransport):
    def __init__(self) -> None:
        self._plain = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._piecewise = Piecewise(SEAMS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        adds = request.url.path.endswith("/queue/item/add")
        return (self._piecewise if adds else self._plain).handle_request(request)


class SeamedAdapter(BlueskyAdapter):
    """The adapter, over a wire with seams if there is one to end at."""

    def __init__(self, settings: BlueskySettings) -> None:
        super().__init__(settings, _Adding() if SEAMS else None)
