"""The operators' file is read whole: every fault at once, with its line and the mend."""

from pathlib import Path

import jsonschema
import pytest
import yaml

from agent.core.operators import InstrumentRules
from agent.errors import OperatorsError
from agent.load.operators import read_operators
from agent.load.schema import operators_schema

GOOD = """\
adapters:
  furnace: furnace:FurnaceAdapter
unattended: [furnace-2]
instruments:
  furnace-2:
    limits:
      temperature: {low: 20, high: 900, unit: degC}
      ramp: {high: 10, unit: K/min, unset: 5}
      gas: {names: [argon, oxygen, hydrogen]}
      liner: {names: [graphite, alumina]}
      sample: unlimited
    rules:
      - {name: oxyhydrogen, apart: [[oxygen], [hydrogen]], reason: it burns}
      - name: graphite burns
        never: gas == 'oxygen' and liner == 'graphite' and temperature > 400
        reason: the liner is gone above 400 degC in oxygen
      - {name: cracks, holds: ramp <= 5 or liner != 'alumina', reason: alumina cracks}
    failures:
      - {code: E7, kind: infeasible, reason: the melt has crept out of the crucible}
      - {pattern: "thermocouple [AB]", kind: instrument}
    settings: {url: "https://furnace-2.lab", verify: true}
    signed: {by: M. Curie, at: 2026-03-01}
  reader:
    failures: [{message: no signal, kind: instrument}]
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "operators.yaml"


def faults(file: Path, text: str) -> list[str]:
    """What is wrong with a file of that text, a line each."""
    file.write_text(text)
    with pytest.raises(OperatorsError) as refused:
        read_operators(file)
    return [str(fault) for fault in refused.value.faults]


def test_a_good_file_is_what_it_says(file: Path) -> None:
    file.write_text(GOOD)
    found, warnings = read_operators(file)
    assert warnings == ()
    furnace = found.instruments["furnace-2"]
    assert [str(limit) for limit in (furnace.limits or {}).values()] == [
        "20 to 900 degC",
        "at most 10 K/min",
        "one of argon, oxygen, hydrogen",
        "one of graphite, alumina",
        "unlimited",
    ]
    assert str(furnace.signed) == "M. Curie, 2026-03-01"
    assert found.instruments["reader"].limits is None
    again = InstrumentRules.model_validate_json(furnace.model_dump_json())
    assert again == furnace


def test_every_fault_is_told_at_once_with_its_line_and_the_mend(file: Path) -> None:
    told = faults(
        file,
        """\
adaptors: {}
adapters: {furnace: furnace.FurnaceAdapter}
instruments:
  furnace-2:
    limits:
      temperature: {low: 900, high: 20, unit: degC}
      heat: {low: 20, high: 90, unit: wt%}
      ramp: {hihg: 10, unit: K/min}
      gas: {names: [argon, oxygen]}
    rules:
      - {name: burns, never: gas == 'oxigen', reason: fire}
      - {name: burns, holds: pressure < 3, reason: it bursts}
      - {name: odd, holds: heat + 1, reason: what}
    failures:
      - {kode: E7, kind: infeasible}
      - {code: E8, kind: infeasable}
      - {pattern: "(", kind: instrument}
  reader:
    rule: []
  flask:
    limits: {gas: {names: [oxygen]}}
    rules: [{name: burns, apart: [[oxygen], [hydrogen]], reason: it burns}]
    signed: {by: M. Curie, at: today}
""",
    )
    wanted = [
        "adaptors (line 1): there is no key 'adaptors' here (did you mean 'adapters'?)",
        "adapters.furnace (line 2): 'furnace.FurnaceAdapter' names nothing to import (write module:Class)",
        "instruments.furnace-2.signed (line 4): the limits are not signed",
        "limits.temperature (line 6): low is above high",
        "limits.heat.unit (line 7): 'wt%' is not a unit that can be read (did you mean 'percent'?)",
        "limits.ramp.hihg (line 8): there is no key 'hihg' here (did you mean 'high'?)",
        "rules[0].never (line 11): 'oxigen' is no setting of gas (did you mean 'oxygen'?)",
        "another rule is called 'burns'",
        "there is no parameter 'pressure'",
        "rules.odd (line 13): 'heat + 1' does not compare anything",
        "'hydrogen' is no parameter, and no parameter can be set to it",
        "failures[0].kode (line 15): there is no key 'kode' here (did you mean 'code'?)",
        "'infeasable' is none of instrument, infeasible",
        "'(' is no regular expression",
        "instruments.flask.signed.at (line 23): 'today'",
        "instruments.reader.rule (line 19): there is no key 'rule' here",
    ]
    missing = [words for words in wanted if not any(words in line for line in told)]
    assert not missing, "\n".join(told)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it is empty"),
        ("instruments: [furnace]", "is not a block"),
        ("instruments: {furnace: }", "it is empty"),
        ("instruments: {furnace: {}}", "nothing is said of it"),
        (
            "instruments: {furnace: {rules: [{name: a, holds: b < 1, reason: c}]}}",
            "there are no limits",
        ),
        ("unattended: furnace", "is not a list"),
        ("a: [", "line 1"),
    ],
)
def test_a_file_of_another_shape_is_a_fault(file: Path, text: str, words: str) -> None:
    assert any(words in line for line in faults(file, text))


def test_a_file_that_is_not_there_says_so(file: Path) -> None:
    with pytest.raises(OperatorsError, match="there is no file"):
        read_operators(file)


def test_a_seal_no_longer_fits_what_was_changed_since(file: Path) -> None:
    file.write_text(GOOD)
    seal = read_operators(file)[0].instruments["furnace-2"].seal
    sealed = GOOD.replace("at: 2026-03-01", f"at: 2026-03-01, seal: '{seal[:12]}'")
    file.write_text(sealed)
    assert read_operators(file)[0].instruments["furnace-2"].signed
    (told,) = faults(file, sealed.replace("high: 900", "high: 950"))
    assert "what was signed has changed since" in told
    file.write_text(sealed.replace("code: E7", "code: E9"))
    assert read_operators(file)


def test_what_never_counts_is_told(file: Path) -> None:
    lines = "failures: [{message: signal, kind: instrument}, {code: E1, message: no signal, kind: resources}]"
    file.write_text(f"instruments: {{reader: {{{lines}}}}}\nunattended: [reader]\n")
    _, warnings = read_operators(file)
    assert "failures[1] (line 1): it never counts: message signal stands before it" in warnings[0]
    assert "unattended (line 2): reader has no limits" in warnings[1]


def test_the_schema_accepts_what_the_reader_accepts() -> None:
    schema = operators_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = yaml.load(GOOD, Loader=yaml.BaseLoader)  # dates as texts
    numbers = yaml.safe_load(GOOD)
    numbers["instruments"]["furnace-2"]["signed"] = document["instruments"]["furnace-2"]["signed"]
    jsonschema.validate(numbers, schema)
    numbers["instruments"]["furnace-2"]["limits"]["sample"] = "unlimted"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(numbers, schema)


def test_faults_of_stocks_are_told_with_their_lines_and_the_mend(file: Path) -> None:
    told = faults(
        file,
        """\
instruments:
  furnace-2:
    limits:
      volume: {low: 0, high: 50, unit: mL}
      gas: {names: [argon, oxygen]}
    signed: {by: M. Curie, at: 2026-03-01}
    stocks:
      acid: {unit: mL, uses: 2 + 0.1 * volum}
      argon: {unit: litres of it, uses: 3 * (gas == 'argn')}
      two words: {uses: 1}
      tips: {use: 8}
      liners: {uses: -1}
      oil: {uses: volume > 3}
      wax: {uses: gas + 1}
  reader:
    stocks: {water: {unit: mL, uses: 0.1 * volume}}
""",
    )
    wanted = [
        "acid.uses (line 8): volum has no limit here",
        "did you mean 'volume'?",
        "argon.unit (line 9): 'litres of it' is not a unit",
        "argon.uses (line 9): 'argn' is no setting of gas (did you mean 'argon'?)",
        "(line 10): 'two words' is no name of an item (write one word: tips)",
        "tips.use (line 11): there is no key 'use' here (did you mean 'uses'?)",
        "liners",
        "oil",
        "compares, and does not compute",
        "wax.uses (line 14): gas is a text, where a number is wanted",
        "reader.stocks.water.uses (line 16): volume has no limit here",
    ]
    missing = [words for words in wanted if not any(words in line for line in told)]
    assert not missing, told


def test_faults_of_a_share_are_told_with_the_mend(file: Path) -> None:
    told = faults(
        file,
        """\
instruments:
  oven: {share: {priority: {urgent: high}, window: 24, changeover: 20 minutes}}
  pump: {share: {weights: {anneal: 2}}}
  reader: {share: [anneal]}
""",
    )
    wanted = [
        "oven.share.priority.urgent (line 2)",
        "oven.share.window (line 2): 24 is no span of time (write it like 20 min, 24 h or 2 d)",
        "oven.share.changeover (line 2): '20 minutes' is no span of time",
        "pump.share.weights (line 3): there is no key 'weights' here (did you mean 'weight'?)",
        "reader.share (line 4)",
    ]
    missing = [words for words in wanted if not any(words in line for line in told)]
    assert not missing, told


def test_a_share_binds_nothing(file: Path) -> None:
    text = "instruments: {oven: {limits: {x: unlimited}, signed: {by: M. Curie, at: 2026-03-01}"
    file.write_text(text + "}}")
    without, _ = read_operators(file)
    file.write_text(text + ", share: {priority: {urgent: 10}, changeover: 20 min}}}")
    found, warnings = read_operators(file)
    assert warnings == ()
    share = found.instruments["oven"].share
    assert share is not None
    assert (share.window_s, share.turn_s) == (86400, 6000)
    assert found.in_force("oven").hash == without.in_force("oven").hash
    assert found.instruments["oven"].seal == without.instruments["oven"].seal


def test_stocks_alone_need_neither_limits_nor_a_signature(file: Path) -> None:
    file.write_text(
        "instruments: {reader: {stocks: {tips: {uses: 8}, water: {unit: mL, uses: 2}}}}"
    )
    found, warnings = read_operators(file)
    assert warnings == ()
    assert [str(one) for one in found.instruments["reader"].stocks.values()] == [
        "8 each",
        "2 mL each",
    ]
    assert found.in_force("reader").hash == ""


def test_faults_of_hours_are_told_with_the_mend(file: Path) -> None:
    told = faults(
        file,
        """\
instruments:
  pump:
    hours:
      - {begin: 22:00, end: '06:00', reason: noise}
      - {begin: '8:00', end: noon, reason: agreed}
      - {begin: '08:00', end: '09:00', zone: Berlin, reason: agreed}
      - {begin: '08:00', end: '09:00', campaign: suzuki, reason: agreed}
  oven: {hours: {begin: '08:00'}}
""",
    )
    wanted = [
        "hours[0].begin (line 4): YAML reads 22:00 as a number of base 60",
        "hours[1].end (line 5)",
        "'Berlin' is no time zone: write it like Europe/Berlin",
        "hours[3].campaign (line 7): there is no key 'campaign' here (did you mean 'campaigns'?)",
        "hours (line 8): it is not a list",
    ]
    missing = [words for words in wanted if not any(words in line for line in told)]
    assert not missing, told
