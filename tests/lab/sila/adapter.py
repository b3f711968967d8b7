"""The SiLA 2 adapter inside a process that ends itself at a seam: see `tests.lab.seams`.

Imported inside `athanor run` through the operators' file. gRPC writes its own bytes: there are seams before
the command is called and right after its execution's UUID has come, none in between.
"""

import os

from adapters.sila import SilaAdapter
from agent.core.adapter import Handle, Note
from agent.core.job import Job
from tests.lab.seams import Seams, watch_commits

SEAMS = Seams(dict(os.environ))
if SEAMS:
    watch_commits(SEAMS)


class SeamedAdapter(SilaAdapter):
    """The adapter, with a seam on either side of the command."""

    def start(self, job: Job, handle: Handle, note: Note) -> None:
        def told(new: Handle) -> None:
            SEAMS.reach("after the answer")
            note(new)

        SEAMS.reach("before send")
        super().start(job, handle, told)
