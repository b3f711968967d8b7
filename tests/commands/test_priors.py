"""`athanor priors …`, and campaign files that begin with what the store, or an oracle, knows."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import yaml

from agent.assemble import SystemClock
from agent.core.actor import AGENT
from agent.data.store import Store
from agent.enrol import enrol
from agent.errors import CampaignError, NotFound
from agent.load import Resolved, read
from agent.named import SettingsModels
from agent.oracles import asked_first
from tests.commands.conftest import QUICK

LEARNING = QUICK.replace("policy: {name: random}", "policy: {initial: {size: 3}}")
ORACLE = """\
priors:
  - name: rough
    oracle:
      adapter: function
      settings: {function: branin, noise_sd: 4}
      experiments: 14
"""
OTHER_NAMES = LEARNING.replace("x1", "width").replace("x2", "height")
BRANIN = """\
width [mm],height [mm],value
-5,0,308.1
-3,12,0.5
-2,5,28.5
0,8,14.3
1,2,26.6
2,14,120.6
3,2.5,0.52
4,9,46.2
6,3,19.4
8,12,118.9
9.5,2.5,0.4
10,6,13.8
"""


def written(folder: Path, name: str, text: str, *more: str, experiments: int = 8) -> str:
    path = folder / f"{name}.yaml"
    text = text.replace("name: quick", f"name: {name}")
    text = text.replace("experiments: 4", f"experiments: {experiments}")
    path.write_text("".join([text, *more]))
    return str(path)


def test_an_oracle_is_asked_first_and_only_once(athanor, tmp_path):
    file = written(tmp_path, "fine", LEARNING, ORACLE, experiments=4)
    said = athanor("check", file).output
    assert "rough: asked first, at 14 points, trust simulation" in said
    said = athanor("run", file, "--direct").output
    asked = re.search(r"(fine-rough-\w{6}): asked first", said)[1]
    assert "sources" not in said.split("fine: registered")[0]
    assert "priors    rough is believed" in said
    assert ("saved" in said) or ("cost" in said)
    assert "14/14" in athanor("status", asked).output
    assert "asked first" not in athanor("run", file, "--direct").output
    assert "identical" in athanor("replay", "fine").output
    assert "the chain holds" in athanor("store", "verify").output


def test_of_a_campaign_that_has_not_begun_its_oracles_are_shown(athanor, tmp_path, store):
    # As the store is while an oracle is being asked: its campaign is there, the other one is not.
    file = written(tmp_path, "early", LEARNING, ORACLE)
    asked = asked_first(read(file, SettingsModels()).campaign)["rough"]
    with Store.open(store) as opened:
        now = SystemClock().now()
        enrol(opened, Resolved(asked, ""), AGENT, now, lambda *_: True)
    said = athanor("status", "early").output
    assert "early  has not begun; first it asks" in said
    assert f"{asked.name}  active" in said
    for words in (("status", "earl"), ("status", "early", "--json")):
        with pytest.raises(NotFound):
            athanor(*words)


def test_more_of_an_oracle_is_a_revision(athanor, tmp_path):
    file = written(tmp_path, "fine", LEARNING, ORACLE, experiments=3)
    athanor("run", file, "--direct")
    path = Path(file)
    path.write_text(path.read_text().replace("experiments: 14", "experiments: 16"))
    path.write_text(path.read_text().replace("experiments: 3", "experiments: 5"))
    said = athanor("run", file, "--direct", "--yes").output
    asked = re.search(r"(fine-rough-\w{6}): asked first", said)[1]
    assert "16 rows" in said
    assert "16/16" in athanor("status", asked).output


def test_an_instrument_is_no_oracle(athanor, tmp_path):
    bench = "priors:\n  - oracle: {adapter: files, settings: {folder: bench}}\n"
    (tmp_path / "bench").mkdir()
    with pytest.raises(CampaignError, match="no oracle that may be asked by itself"):
        athanor("run", written(tmp_path, "fine", LEARNING, bench), "--direct")


@pytest.mark.slow
def test_another_simulator_is_another_oracle(athanor, tmp_path):
    file = written(tmp_path, "fine", LEARNING, ORACLE, experiments=3)
    first = re.search(r"(fine-rough-\w{6}): asked", athanor("run", file, "--direct").output)[1]
    path = Path(file)
    path.write_text(path.read_text().replace("noise_sd: 4", "noise_sd: 3"))
    said = athanor("run", file, "--direct", "--yes").output
    second = re.search(r"(fine-rough-\w{6}): asked", said)[1]
    assert first != second
    assert "14/14" in athanor("status", second).output


def test_an_oracle_takes_over_nobodys_campaign(athanor, tmp_path):
    file = written(tmp_path, "fine", LEARNING, ORACLE, experiments=3)
    name = re.search(r"(fine-rough-\w{6}): asked", athanor("run", file, "--direct").output)[1]
    # Somebody's own, in another store, of the very name that the oracle's would have.
    own = written(tmp_path, name, LEARNING, experiments=3)
    other = ("--store", f"sqlite:///{tmp_path}/other.db")
    athanor("run", own, "--direct", *other)
    with pytest.raises(CampaignError, match="is a campaign of its own"):
        athanor("run", file, "--direct", *other)
    assert "3/3" in athanor("status", name, *other).output


@pytest.mark.slow
def test_of_a_campaign_that_was_revised_the_rows_are_completed(athanor, tmp_path):
    file = written(tmp_path, "first", LEARNING, experiments=6)
    athanor("run", file, "--direct")
    path = Path(file)
    more = "  - {name: x3, type: continuous, low: 0, high: 1, old_rows: 0.5}\nobjectives:"
    path.write_text(path.read_text().replace("objectives:", more, 1))
    athanor("run", file, "--direct", "--yes")
    for number, prior in enumerate(("{campaign: first}", "{alike: 2}")):
        new = written(tmp_path, f"new{number}", LEARNING, f"priors:\n  - {prior}\n", experiments=3)
        athanor("run", new, "--direct")
        assert re.search(r"first.* 6 ", athanor("priors", "show", f"new{number}").output)


def test_a_name_that_begins_alike_hides_nothing(athanor, tmp_path):
    athanor("run", written(tmp_path, "second-2025", LEARNING, experiments=6), "--direct")
    new = written(tmp_path, "second", LEARNING, "priors:\n  - {alike: 2}\n", experiments=3)
    (found,) = json.loads(athanor("priors", "alike", new, "--json").output)
    assert found["campaign"] == "second-2025"


def test_what_looks_alike_and_cannot_be_used_is_only_told(athanor, tmp_path):
    (tmp_path / "flat.csv").write_text(
        "x1 [mm],x2 [mm],value\n" + "".join(f"{k},{k},3\n" for k in range(6))
    )
    flat = written(tmp_path, "flat", LEARNING)
    athanor("import", flat, str(tmp_path / "flat.csv"), "--yes")
    new = written(tmp_path, "second", LEARNING, "priors:\n  - {alike: 2}\n", experiments=3)
    assert "flat looks alike and cannot be used" in athanor("run", new, "--direct").output


def test_a_prior_that_tells_nothing_is_said_to(athanor, tmp_path):
    random = np.random.default_rng(4)
    rows = "".join(f"{a:.2f},{b:.2f},{y:.3f}\n" for a, b, y in random.normal(3, 1, (60, 3)))
    (tmp_path / "noise.csv").write_text("x1 [mm],x2 [mm],value\n" + rows)
    noisy = "priors:\n  - {table: noise.csv}\n"
    new = written(tmp_path, "second", LEARNING, noisy, experiments=3)
    for command in (("check", new), ("run", new, "--direct"), ("priors", "show", "second")):
        assert "tells nothing" in " ".join(athanor(*command).output.split())


def test_an_oracle_must_have_been_asked_before_anything_is_imported(athanor, tmp_path):
    file = written(tmp_path, "fine", LEARNING, ORACLE)
    (tmp_path / "old.csv").write_text("x1 [mm],x2 [mm],value\n1,1,3\n")
    with pytest.raises(CampaignError, match="has not been asked yet"):
        athanor("import", file, str(tmp_path / "old.csv"), "--yes")


@pytest.mark.slow
def test_how_far_priors_are_believed_and_what_they_saved(athanor, tmp_path):
    athanor("run", written(tmp_path, "first", LEARNING, experiments=12), "--direct")
    two = "priors:\n  - {campaign: first, trust: same}\n  - {formula: x1 * x2, name: product}\n"
    athanor("run", written(tmp_path, "second", LEARNING, two, experiments=6), "--direct")
    said = athanor("priors", "show", "second").output
    assert "first" in said and "product" in said
    assert "models    sources" in said
    told = json.loads(athanor("priors", "show", "second", "--json").output)
    assert set(told["trusted"]) == {"first", "product"}
    assert len(told["saved"]["without"]) == 4
    assert "by 6 results" in athanor("status", "second").output
    assert "no priors" in athanor("priors", "show", "first").output


def test_what_looks_alike_is_found_by_what_it_varied_and_not_by_its_names(athanor, tmp_path):
    (tmp_path / "old.csv").write_text(BRANIN)
    first = written(tmp_path, "first", OTHER_NAMES)
    athanor("import", first, str(tmp_path / "old.csv"), "--yes")
    new = written(tmp_path, "second", LEARNING, "priors:\n  - {alike: 2}\n", experiments=5)
    said = athanor("priors", "alike", new).output
    assert "x1: width [mm]" in said and "x2: height [mm]" in said
    (found,) = json.loads(athanor("priors", "alike", new, "--json").output)
    assert (found["campaign"], found["rows"], found["good"]) == ("first", 12, True)
    assert found["evidence"] is None
    said = athanor("run", new, "--direct").output
    assert "priors    first is believed" in said
    (found,) = json.loads(athanor("priors", "alike", "second", "--json").output)
    assert found["evidence"] > 0
    # A campaign that has ended since changes nothing of one that runs: its file is as it was.
    athanor("run", written(tmp_path, "third", LEARNING, experiments=6), "--direct")
    assert "revised" not in athanor("run", new, "--direct").output


def test_what_an_alike_campaign_does_not_know_is_told(athanor, tmp_path):
    athanor("run", written(tmp_path, "first", LEARNING, experiments=6), "--direct")
    more = "  - {name: x3, type: continuous, low: 0, high: 1}\nobjectives:"
    wider = LEARNING.replace("objectives:", more, 1)
    new = written(tmp_path, "second", wider, "priors:\n  - {alike: 2}\n", experiments=3)
    assert "first does not know x3" in " ".join(athanor("run", new, "--direct").output.split())


def test_without_anything_alike_it_says_so(athanor, tmp_path):
    new = written(tmp_path, "second", LEARNING, "priors:\n  - {alike: 2}\n", experiments=3)
    assert "no campaign of the store looks alike" in athanor("run", new, "--direct").output
    assert "looks alike" in athanor("priors", "alike", new).output


def test_the_laboratory_learns_of_its_past_how_far_to_believe(athanor, tmp_path):
    athanor("store", "create")
    with pytest.raises(NotFound, match="too little"):
        athanor("priors", "learn")
    for name in ("one", "two", "three"):
        text = LEARNING + f"seed: {len(name)}\n"
        athanor("run", written(tmp_path, name, text, experiments=10), "--direct")
    told = athanor("priors", "learn")
    rule = yaml.safe_load(told.stdout)["policy"]["transfer"]["experience"]
    assert 0.65 < rule["believed"]["similar"] < 1
    assert "learnt from one, two, three" in told.stderr
    learnt = LEARNING.replace("{initial: {size: 3}}", "{transfer: {learnt: true}}")
    prior = "priors:\n  - {campaign: one}\n"
    file = written(tmp_path, "four", learnt, prior, experiments=3)
    athanor("run", file, "--direct")
    assert "revised" not in athanor("run", file, "--direct").output
