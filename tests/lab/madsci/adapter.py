"""The MADSci adapter inside a process that ends itself at a seam: see `tests.lab.seams`.

Imported inside `athanor run` through the operators' file. Only the start passes the seams of the wire.
"""

import os

import httpx

from adapters.madsci import MadsciAdapter
from adapters.madsci.settings import MadsciSettings
from tests.lab.seams import Seams, watch_commits
from tests.lab.wire import Piecewise

SEAMS = Seams(dict(os.environ))
if SEAMS:
    watch_commits(SEAMS)


class _Starting(httpx.BaseTransport):
    def __init__(self) -> None:
        self._plain = httpx.HTTPTransport(limits=httpx.Limits(max_keepalive_connections=0))
        self._piecewise = Piecewise(SEAMS)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/start"):
            return self._piecewise.handle_request(request)
        return self._plain.handle_request(request)


class SeamedAdapter(MadsciAdapter):
    """The adapter, over a wire with seams if there is one to end at."""

    def __init__(self, settings: MadsciSettings) -> None:
        super().__init__(settings, _Starting() if SEAMS else None)
