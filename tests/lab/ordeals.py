"""The laboratories on which `make chaos` is run, and for how long a campaign is on each."""

from tests.lab.bluesky.lab import BlueskyLab
from tests.lab.chaos import Ordeal
from tests.lab.madsci.lab import MadsciLab
from tests.lab.sila.lab import SilaLab
from tests.lab.small import SmallLab

STILL_S = 4.0
"""For so long a real server lies still at most: longer than the agent waits for an answer."""

SMALL = {"small": Ordeal(SmallLab)}
SERVERS = {
    # A restart takes seconds there, so campaigns are shorter.
    "bluesky": Ordeal(BlueskyLab, trials=12, still_s=STILL_S),
    "sila": Ordeal(SilaLab, trials=12, still_s=STILL_S),
    "madsci": Ordeal(MadsciLab, trials=12, still_s=STILL_S),
}
