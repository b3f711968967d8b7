"""Files that are wrong, each in one way: where the fault is said to be, and in which words."""

# ruff: noqa: E501 - a table, a case a line

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.errors import CampaignError, Fault
from agent.load import read
from tests.load.files import GOOD, Load


class Broken(NamedTuple):
    """A file: the good one with `old` replaced by `new`, or `new` alone where `old` is empty."""

    name: str
    old: str
    new: str
    path: str
    words: str


TEMPERATURE = "{name: temperature, type: continuous, unit: degC, low: 20, high: 120, resolution: 1}"
TIME = "{name: time, type: discrete, unit: h, levels: [1, 2, 4, 8]}"
SOLVENT = "{name: solvent, type: categorical, choices: [DMF, DMSO, water]}"
BUDGET = "budget: {experiments: 20}\n"
SETTINGS = '{adapter: lab, settings: {url: "http://localhost"}}'


def after_budget(text: str) -> tuple[str, str]:
    return BUDGET, BUDGET + text + "\n"


def constraint(text: str) -> tuple[str, str]:
    return after_budget(f"constraints:\n  - {text}")


def execution(text: str) -> tuple[str, str]:
    return SETTINGS, text


def parameter(text: str) -> tuple[str, str]:
    return f"  - {TIME}\n", f"  - {TIME}\n  - {text}\n"


COST = "{name: cost, unit: '1', goal: minimise}"


def second(objective: str, more: str) -> tuple[str, str]:
    """Another objective before the first, and another key."""
    return "objectives:\n", f"{more}\nobjectives:\n  - {objective}\n"


CASES = [
    # how it is written
    Broken("empty", "", "", "the file", "it is empty"),
    Broken("made by the loader", *after_budget("asked_for: other"), "asked_for", "made by the loader"),
    Broken("only comments", "", "# nothing\n", "the file", "it is empty"),
    Broken("a list", "", "- a\n- b\n", "line 1", "not a list of `key: value` lines"),
    Broken("a text", "", "hello", "line 1", "not a list of `key: value` lines"),
    Broken("tab", "  - {name: time", "\t- {name: time", "line 4", "indented with a tab"),
    Broken("open bracket", "levels: [1, 2, 4, 8]", "levels: [1, 2", "line", "check indentation"),
    Broken("colon in text", "name: good", "name: a: b", "line 1", "':' stands where none may"),
    Broken("two documents", BUDGET, "---\nname: other\n", "line 9", "one file holds one"),
    Broken("unknown alias", "name: good", "name: *star", "line 1", "must be in quotes"),
    Broken("percent", "unit: h,", "unit: %,", "line 4", "such a sign in quotes"),
    Broken("duplicate key", BUDGET, BUDGET * 2, "budget", "twice: on line 9 and on line 10"),
    Broken("merge", "name: good", "name: good\n<<: {seed: 1}", "<<", "write the keys out"),
    Broken("tag", "name: good", "name: !!python/name:os.system ''", "name", "tag"),
    Broken("complex key", "name: good", "name: good\n? [a, b]\n: 1", "?", "a key must be a text"),
    Broken("control", "name: good", 'name: good\ndescription: "a\\0b"', "description", "control"),
    # keys
    Broken("no such confidence", *after_budget("stop: {left_to_gain: 1, confidence: 85}"), "stop.confidence", "85 is none of 80, 90, 95, 99"),
    Broken("unknown key", BUDGET, BUDGET + "polcy: {}\n", "polcy", "did you mean 'policy'?"),
    Broken("missing key", BUDGET, "", "budget", "the key 'budget' is missing (write e.g. budget: {"),
    Broken("name", "name: good", "name: My Alloys", "name", "small letters, digits, - and _"),
    Broken("name is a number", "name: good", "name: 12", "name", "quote it, '12'"),
    Broken("unknown key within", "resolution: 1", "resolutoin: 1", "parameters.temperature.resolutoin", "did you mean 'resolution'?"),
    Broken("pool by hand", TIME, "{name: time, type: material, pool: {}, prototypes: [{name: B2, sites: {A: [Al], B: [Ni]}}]}", "parameters.time.pool", "made by the loader"),
    Broken("seed", BUDGET, BUDGET + "seed: -1\n", "seed", "-1 must be at least 0"),
    # parameters
    Broken("no type", "type: integer, ", "", "parameters.passes.type", "the types are continuous, discrete"),
    Broken("wrong type", "type: integer", "type: interger", "parameters.passes.type", "did you mean 'integer'?"),
    Broken("not a number", "low: 20", "low: warm", "parameters.temperature.low", "'warm' is not a number (write e.g. low: 20)"),
    Broken("decimal comma", "low: 20", "low: '20,5'", "parameters.temperature.low", "write low: 20.5, with a point"),
    Broken("number with unit", "low: 20", "low: 20 °C", "parameters.temperature.low", "write the number alone, low: 20"),
    Broken("empty value", "low: 20", "low: ", "parameters.temperature.low", "it is empty"),
    Broken("yes as a number", "low: 20", "low: yes", "parameters.temperature.low", "reads yes as the truth value true"),
    Broken("inf", "high: 120", "high: .inf", "parameters.temperature.high", "not a finite number"),
    Broken("nan", "high: 120", "high: .nan", "parameters.temperature.high", "not a finite number"),
    Broken("1e400", "high: 120", "high: 1e400", "parameters.temperature.high", "not a finite number"),
    Broken("base 60", "levels: [1, 2, 4, 8]", "levels: [1:30, 2]", "parameters.time.levels[0]", "base 60"),
    Broken("octal", "low: 1, high: 4", "low: 01, high: 4", "parameters.passes.low", "octal"),
    Broken("bounds", "low: 20", "low: 220", "parameters.temperature", "low must be below high"),
    Broken("whole number", "low: 1, high: 4", "low: 1.5, high: 4", "parameters.passes.low", "1.5 is not a whole number"),
    Broken("resolution", "resolution: 1", "resolution: 0", "parameters.temperature.resolution", "must be above 0"),
    Broken("a text for a list", "choices: [DMF, DMSO, water]", "choices: DMF", "parameters.solvent.choices", "is not a list"),
    Broken("one choice", "choices: [DMF, DMSO, water]", "choices: [DMF]", "parameters.solvent.choices", "at least 2 are needed, and 1 given"),
    Broken("NO as a choice", "[DMF,", "[NO,", "parameters.solvent.choices[0]", "quote it: 'NO'"),
    Broken("a number as a choice", "[DMF,", "[1,", "parameters.solvent.choices[0]", "quote it, '1'"),
    Broken("a date as a choice", "[DMF,", "[2024-05-01,", "parameters.solvent.choices[0]", "as a date"),
    Broken("bad name", "name: time", "name: 2 h", "parameters.2 h.name", "start with a letter"),
    Broken("same name", "name: time", "name: temperature", "parameters[1].name", "'temperature', is taken"),
    Broken("component's name", *parameter("{name: mix, type: composition, step: 0.1, components: [{name: a}, {name: passes}]}"), "parameters.passes.name", "'passes', is taken"),
    Broken("composition", *parameter("{name: mix, type: composition, step: 0.3, components: [{name: a}, {name: b}]}"), "parameters.mix", "the step does not divide the total"),
    Broken("too fine", *parameter("{name: n, type: integer, low: 0, high: 99999999999}"), "parameters.n", "has 1e+11 settings"),
    Broken("overflow", *parameter("{name: mix, type: composition, total: 1e300, step: 1e-300, components: [{name: a}, {name: b}]}"), "parameters.mix", "step must be between"),
    Broken("parameters as a block", "", "name: a\nparameters:\n  x: {low: 1}\n", "parameters", "start each of the parameters with '- '"),
    Broken("a bare item", f"  - {TIME}\n", "  - time\n", "parameters[1]", "is not a block of `key: value` lines"),
    # units
    Broken("coulomb", "unit: degC", "unit: C", "parameters.temperature.unit", "did you mean 'degC'?"),
    Broken("long path", *execution("{adapter: table, settings: {file: " + "a" * 5000 + "}}"), "execution.settings.file", "is no path"),
    Broken("narrow", "low: 20, high: 120, resolution: 1", "low: 0, high: 1e-320", "parameters.temperature", "too narrow"),
    Broken("an angle", "unit: degC", "unit: °", "parameters.temperature.unit", "did you mean 'degC'?"),
    Broken("unknown unit", "unit: h", "unit: mL/mn", "parameters.time.unit", "did you mean 'mL/min'?"),
    Broken("a tower of powers", "unit: h", "unit: 9**9**9**9", "parameters.time.unit", "is not a unit"),
    Broken("brackets", "unit: h", "unit: ((", "parameters.time.unit", "is not a unit"),
    Broken("context", *after_budget("context: {ph: {value: 1, unit: molar/}}"), "context.ph.unit", "is not a unit"),
    # objectives
    Broken("no unit", "unit: percent, ", "", "objectives.yield.unit", "the key 'unit' is missing"),
    Broken("empty unit", "unit: percent", "unit: ''", "objectives.yield.unit", "write unit: '1' if it has none"),
    Broken("goal", "goal: maximise", "goal: maximize", "objectives.yield.goal", "did you mean 'maximise'?"),
    Broken("match without target", "goal: maximise", "goal: match", "objectives.yield", "goal match needs a target"),
    Broken("nothing to optimise", "goal: maximise", "goal: require, low: 5", "objectives", "nothing is to be as good as can be"),
    Broken("require without range", "goal: maximise", "goal: require", "objectives.yield", "goals within and require need low"),
    Broken("desirability without an end", *second("{name: cost, unit: '1', goal: minimise, worst: 9, ideal: 0}", "trade_off: desirability"), "objectives.yield", "desirability needs the"),
    Broken("worst better than ideal", "goal: maximise", "goal: maximise, worst: 9, ideal: 5", "objectives.yield", "worst must be worse"),
    Broken("a target of a front", *second(COST, "stop: {target: 9}"), "stop.target", "a front has no one value"),
    Broken("left to gain of several", *second(COST, "stop: {left_to_gain: 1}"), "stop.left_to_gain", "one objective only"),
    Broken("a policy for one", *second(COST, "policy: {name: ucb}"), "policy.name", "choose one of expected_improvement"),
    Broken("priors of several", *second(COST, "priors: [{formula: 'temperature'}]"), "priors", "priors teach one objective"),
    Broken("objective's name", "name: yield", "name: time", "objectives.time.name", "also a parameter"),
    # constraints
    Broken("unknown name", *constraint("{type: linear, coefficients: {tmie: 1}, high: 3}"), "constraints[0].coefficients.tmie", "did you mean 'time'?"),
    Broken("sum of names", *constraint("{type: linear, coefficients: {solvent: 1}, high: 3}"), "constraints[0].coefficients.solvent", "a sum needs numbers"),
    Broken("no bound", *constraint("{type: linear, coefficients: {time: 1}}"), "constraints[0]", "give low, high or both"),
    Broken("unparsable", *constraint("{type: expression, expression: 'time <'}"), "constraints[0].expression", "cannot read 'time <'"),
    Broken("no comparison", *constraint("{type: expression, expression: 'time + 1'}"), "constraints[0].expression", "does not compare anything"),
    Broken("code", *constraint("{type: expression, expression: \"__import__('os').system('x') == 0\"}"), "constraints[0].expression", "no function"),
    Broken("unknown in expression", *constraint("{type: expression, expression: 'temprature < 50'}"), "constraints[0].expression", "did you mean 'temperature'?"),
    Broken("text and number", *constraint("{type: expression, expression: 'solvent < 3'}"), "constraints[0].expression", "a text is compared with a number"),
    Broken("never so", *constraint("{type: expression, expression: \"solvent != 'DMX'\"}"), "constraints[0].expression", "did you mean 'DMF'?"),
    Broken("number as truth", *constraint("{type: expression, expression: 'time and passes > 1'}"), "constraints[0].expression", "where a comparison is wanted"),
    Broken("arguments", *constraint("{type: expression, expression: 'max(time) > 1'}"), "constraints[0].expression", "max takes two numbers or more"),
    Broken("cannot occur", *constraint("{type: exclude, combination: {solvent: ethanol}}"), "constraints[0].combination.solvent", "'ethanol' is no setting of solvent"),
    Broken("cannot occur in a list", *constraint("{type: exclude, combination: {time: [1, 3]}}"), "constraints[0].combination.time[1]", "3 is no setting of time"),
    Broken("out of range", *constraint("{type: exclude, combination: {temperature: 500}}"), "constraints[0].combination.temperature", "its settings are 20 to 120"),
    Broken("nothing left", *constraint("{type: expression, expression: 'time > passes + 7'}"), "constraints", "no point of the space meets all"),
    Broken("nothing left of a range", *constraint("{type: linear, coefficients: {temperature: 1, time: 1}, high: 20}"), "constraints", "no point of the space meets all"),
    # the plan
    Broken("no limit", BUDGET, "budget: {}\n", "budget", "give at least one of experiments, cost, wall_time"),
    Broken("zero", BUDGET, "budget: {experiments: 0}\n", "budget.experiments", "0 must be at least 1"),
    Broken("cost", BUDGET, "budget: {cost: {limit: 5, unit: EUR, per_experiment: 6}}\n", "budget.cost.per_experiment", "costs more than the limit"),
    Broken("no price", BUDGET, "budget: {cost: {limit: 5, unit: EUR}}\n", "budget.cost", "give either per_experiment or formula"),
    Broken("unknown in a price", BUDGET, "budget: {cost: {limit: 50, unit: EUR, formula: 5 + tme}}\n", "budget.cost.formula", "did you mean 'time'?"),
    Broken("a price that compares", BUDGET, "budget: {cost: {limit: 50, unit: EUR, formula: time > 2}}\n", "budget.cost", "compares, and does not compute"),
    Broken("a text as a price", BUDGET, "budget: {cost: {limit: 50, unit: EUR, formula: 5 + solvent}}\n", "budget.cost.formula", "solvent is a text, where a number is wanted"),
    Broken("a name in a price", BUDGET, "budget: {cost: {limit: 50, unit: EUR, formula: \"5 + 2 * (solvent == 'DMX')\"}}\n", "budget.cost.formula", "did you mean 'DMF'?"),
    Broken("too dear", BUDGET, "budget: {cost: {limit: 5, unit: EUR, formula: 5 + time}}\n", "budget.cost.formula", "every experiment costs more than the limit"),
    Broken("a change from nothing", BUDGET, "budget: {cost: {limit: 50, unit: EUR, per_experiment: 1, changeover: 2 * time}}\n", "budget.cost.changeover", "nothing of the settings before"),
    Broken("unknown in a change", BUDGET, "budget: {cost: {limit: 50, unit: EUR, per_experiment: 1, changeover: abs(time - tme_before)}}\n", "budget.cost.changeover", "did you mean 'time_before'?"),
    Broken("a change that compares", BUDGET, "budget: {cost: {limit: 50, unit: EUR, per_experiment: 1, changeover: time > time_before}}\n", "budget.cost", "compares, and does not compute"),
    Broken("no costs to divide by", *after_budget("policy: {per_cost: always}"), "policy.per_cost", "every experiment costs the same"),
    Broken("a policy without a gain", BUDGET, "budget: {cost: {limit: 50, unit: EUR, formula: 5 + time}}\npolicy: {name: ucb, per_cost: always}\n", "policy.per_cost", "no gain that could be divided"),
    Broken("duration", BUDGET, "budget: {wall_time: 8 h}\n", "budget.wall_time", "write e.g. wall_time: {limit: 3, unit: d}"),
    Broken("initial size", *after_budget("policy: {initial: {size: 21}}"), "policy.initial.size", "21 initial points are wanted, and the budget pays for 20"),
    Broken("replicates", *after_budget("policy: {replicates: 3, initial: {size: 7}}"), "policy.initial.size", "7 initial points × 3 replicates"),
    Broken("batch", *after_budget("policy: {batch_size: 25}"), "policy.batch_size", "a batch of 25"),
    Broken("shares what there is not", *after_budget("policy: {batch_size: 4, shared: [temprature]}"), "policy.shared[0]", "did you mean 'temperature'?"),
    Broken("shares all", *after_budget("policy: {batch_size: 4, shared: [temperature, time, passes, solvent]}"), "policy.shared", "a batch would be one point"),
    Broken("policy", *after_budget("policy: {name: expected_improvment}"), "policy.name", "did you mean 'expected_improvement'?"),
    Broken("another acquisition for Ax", *after_budget("policy: {strategy: ax, name: ucb}"), "policy.name", "an acquisition of its own"),
    Broken("priors for Ax", *after_budget("policy: {strategy: ax}\npriors: [{formula: 'temperature'}]"), "priors", "Ax is told of no priors"),
    Broken("plates for Ax", *after_budget("policy: {strategy: ax, batch_size: 4, shared: [time]}"), "policy.shared", "Ax does not choose the settings"),
    Broken("Ax for several", *second(COST, "policy: {strategy: ax}"), "policy.strategy", "there are several"),
    Broken("what Ax does not tell", *after_budget("policy: {strategy: ax}\nstop: {left_to_gain: 1}"), "stop.left_to_gain", "Ax does not tell"),
    Broken("outside", *after_budget("policy: {initial: {design: points, points: [{temperature: 300, time: 1, passes: 1, solvent: DMF}]}}"), "policy.initial.points[0]", "300 is outside 20 to 120 degC"),
    Broken("half a point", *after_budget("policy: {initial: {design: points, points: [{temperature: 30}]}}"), "policy.initial.points[0]", "time: missing; passes: missing"),
    Broken("unreachable target", *after_budget("stop: {target: 120}"), "stop.target", "no plausible reading (0 to 100) is as good as 120"),
    Broken("contradicting target", *after_budget("stop: {target: 0}"), "stop.target", "would already stop the campaign"),
    Broken("review", *after_budget("review: {mode: maybe}"), "review.mode", "use none, required"),
    # execution
    Broken("adapter", *execution("{adapter: tabel}"), "execution.adapter", "did you mean 'table'?"),
    Broken("no settings", *execution("{adapter: lab}"), "execution.settings.url", "the key 'url' is missing"),
    Broken("setting", *execution("{adapter: lab, settings: {url: a, prot: 1}}"), "execution.settings.prot", "did you mean 'port'?"),
    Broken("setting's type", *execution("{adapter: lab, settings: {url: a, port: many}}"), "execution.settings.port", "'many' is not a number"),
    Broken("reference", *execution("{adapter: lab, settings: {url: '${LAB-URL}'}}"), "execution.settings.url", "is no reference to the environment"),
    Broken("open reference", *execution("{adapter: lab, settings: {url: '${LAB'}}"), "execution.settings.url", "is no reference to the environment"),
    Broken("secret", *execution("{adapter: lab, settings: {url: a, token: s3cret}}"), "execution.settings.token", "write ${TOKEN} here"),
    Broken("no file", *execution("{adapter: table, settings: {file: nowhere.csv}}"), "execution.settings.file", "nowhere.csv does not exist"),
    Broken("no second file", *execution("{adapter: table, settings: {file: campaign.yaml, extra_files: [x.csv]}}"), "execution.settings.extra_files[0]", "x.csv does not exist"),
    Broken("unset variable", *execution("{adapter: table, settings: {file: '${NOWHERE}/a.csv'}}"), "execution.settings.file", "variable NOWHERE is not set"),
    Broken("file in the way", *execution("{adapter: bench, settings: {folder: campaign.yaml/bench}}"), "execution.settings.folder", "a file stands in the way"),
    Broken("truth of a setting", *execution("{adapter: lab, settings: {url: a, verify: perhaps}}"), "execution.settings.verify", "neither true nor false"),
    Broken("a slip in a key with a truth", *execution("{steps: [{name: heat, adapter: lab, settings: {url: a}, repeatble: true}]}"), "execution.steps.heat.repeatble", "did you mean 'repeatable'?"),
    Broken("a step's name", *execution("{steps: [{name: Heat, adapter: lab, settings: {url: a}}]}"), "execution.steps.Heat.name", "'Heat' is no name of a step"),
    Broken("one instrument twice", *execution("{steps: [{name: heat, adapter: lab, settings: {url: a}}, {name: read, adapter: lab, settings: {url: b}}]}"), "execution", "each does one step of a campaign"),
]  # fmt: skip


def bare(path: str) -> str:
    return re.sub(r" \(line \d+\)$", "", path)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_a_broken_file_says_where_and_what(case: Broken, load: Load) -> None:
    assert not case.old or case.old in GOOD
    with pytest.raises(CampaignError) as caught:
        load(GOOD.replace(case.old, case.new, 1) if case.old else case.new)
    found = [
        fault
        for fault in caught.value.faults
        if bare(fault.path).startswith(case.path) and case.words in str(fault)
    ]
    assert found, str(caught.value)
    if case.old:
        assert len(caught.value.faults) == 1, str(caught.value)
        assert "line" in found[0].path or case.name == "missing key"
    no_jargon(found[0])


def no_jargon(fault: Fault) -> None:
    text = str(fault).casefold()
    for word in (
        "pydantic",
        "input should",
        "validation",
        "union",
        "none-type",
        "traceback",
        "dict",
    ):
        assert word not in text


def test_the_good_file_is_good(load: Load) -> None:
    assert load(GOOD).warnings == ()


def test_every_fault_is_told_at_once(load: Load) -> None:
    text = """\
name: My Campaign
parameters:
  - {name: temperature, type: continous, unit: degC, low: 20, high: 120}
  - {name: time, type: continuous, unit: mL/mn, low: early, high: 20, steps: 1}
  - {name: solvent, type: categorical, choices: [NO, DMF, 1]}
constraints:
  - {type: linear, coefficients: {tmie: 1}, high: 3}
objectives:
  - {name: yield, goal: maximize}
budget: {experiments: 0}
execution: {adapter: labb}
seeed: 4
"""
    with pytest.raises(CampaignError) as caught:
        load(text)
    assert [bare(fault.path) for fault in caught.value.faults] == [
        "name",
        "parameters.temperature.type",
        "parameters.time.unit",
        "parameters.time.low",
        "parameters.time.steps",
        "parameters.solvent.choices[0]",
        "parameters.solvent.choices[2]",
        "constraints[0].coefficients.tmie",
        "objectives.yield.unit",
        "objectives.yield.goal",
        "budget.experiments",
        "execution.adapter",
        "seeed",
    ]
    lines = [int(re.findall(r"line (\d+)", fault.path)[0]) for fault in caught.value.faults]
    assert lines == [1, 3, 4, 4, 4, 5, 5, 7, 9, 9, 10, 11, 12]
    assert str(caught.value).count("\n") == 13


def test_a_missing_file() -> None:
    with pytest.raises(CampaignError, match="there is no file"):
        read("/nowhere/at/all.yaml", {})


def test_a_folder(tmp_path: Path) -> None:
    with pytest.raises(CampaignError, match="cannot be read"):
        read(tmp_path, {})


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\x00", "not UTF-8"),
        ("name: größe".encode("utf-16"), "not UTF-8"),
        (b"name: \x00\x01", "bytes that are no text"),
        (b"name: x\n" + b"# " * 600_000, "larger than 1 MB"),
        (b"a: " + b"[" * 2000, "nested too deeply"),
        (
            b"a: &a [x, x, x, x, x, x, x, x, x, x]\n"
            + b"".join(
                b"%c: &%c [%s]\n" % (n + 1, n + 1, b", ".join([b"*%c" % n] * 10))
                for n in range(97, 104)
            ),
            "repeats itself without end",
        ),
        (b"a: &a [*a]", "repeats itself without end"),
    ],
    ids=["image", "utf-16", "nul", "large", "deep", "aliases", "recursive alias"],
)  # fmt: skip
def test_files_that_are_no_campaigns(raw: bytes, words: str, load: Load) -> None:
    with pytest.raises(CampaignError) as caught:
        load(raw)
    assert words in str(caught.value)


def test_beneath_a_key_that_there_is_not_nothing_else_is_told(load: Load) -> None:
    step = "{name: heat, adapter: lab, settings: {url: a}, repeatable: true}"
    with pytest.raises(CampaignError) as caught:
        load(GOOD.replace(SETTINGS, f"{{step: [{step}]}}"))
    assert [bare(fault.path) for fault in caught.value.faults] == ["execution.step"]


def test_a_mend_is_not_followed_by_an_example_of_something_else(load: Load) -> None:
    steps = "{name: heat, adapter: lab, settings: {url: a}}"
    with pytest.raises(CampaignError) as caught:
        load(GOOD.replace(SETTINGS, f"{{steps: [{steps}, {steps}]}}"))
    (fault,) = caught.value.faults
    assert (fault.what, fault.mend) == ("two of the steps are called 'heat': name them apart", "")
