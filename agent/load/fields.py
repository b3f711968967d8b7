"""What each key of a campaign file is, with an example: for the schema and for mends."""

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel

T = TypeVar("T")

EXAMPLES: dict[str, Any] = {
    "Campaign.name": "b2-alloys",
    "Campaign.description": "Stable B2 alloys, found with few relaxations",
    "Campaign.parameters": [
        {"name": "temperature", "type": "continuous", "unit": "degC", "low": 20, "high": 120}
    ],
    "Campaign.constraints": [{"type": "expression", "expression": "temperature + 2 * time <= 200"}],
    "Campaign.objectives": [{"name": "yield", "unit": "percent", "goal": "maximise"}],
    "Campaign.priors": [{"table": "earlier.csv", "trust": "similar"}],
    "TransferPrior.name": "dft",
    "TransferPrior.table": "earlier.csv",
    "TransferPrior.campaign": "anneal-2025",
    "TransferPrior.formula": "60 * exp(-((temperature - 85) / 20)**2)",
    "TransferPrior.model": "conductivity-net",
    "TransferPrior.oracle": {"adapter": "chgnet", "settings": {"geometry": "guessed"}},
    "TransferPrior.alike": 3,
    "TransferPrior.trust": "simulation",
    "TransferPrior.where": {"method": "PBE"},
    "TransferPrior.fidelity": "screening",
    "TransferPrior.inputs": ["temperature [K]", "time [h]"],
    "Oracle.experiments": 20,
    "Oracle.in_flight": 4,
    "TransferPrior.columns": {"temperature": "T [K]"},
    "TransferPrior.fixed": {"pressure": 1},
    "TransferPrior.value": "gap [eV]",
    "Campaign.context": {"substrate": {"value": "glass"}},
    "Campaign.budget": {"experiments": 20},
    "Campaign.stop": {"no_improvement_after": 10},
    "Campaign.policy": {"name": "expected_improvement"},
    "Campaign.execution": {"adapter": "files", "settings": {"folder": "bench"}},
    "Campaign.review": {"mode": "required"},
    "Campaign.seed": 1,
    "Quantity.value": 0.5,
    "Quantity.unit": "mol/L",
    "Execution.adapter": "files",
    "Execution.settings": {"folder": "bench"},
    "Execution.instrument": "reactor-2",
    "Execution.attempts": 3,
    "Execution.deadline": {"limit": 8, "unit": "h"},
    "Execution.poll": {"limit": 5, "unit": "s"},
    "ReviewRule.mode": "required",
    "ReviewRule.expires": {"limit": 2, "unit": "d"},
    "Duration.limit": 8,
    "Duration.unit": "h",
    "Cost.limit": 500,
    "Cost.unit": "EUR",
    "Cost.per_experiment": 12.5,
    "Budget.experiments": 20,
    "Budget.cost": {"limit": 500, "unit": "EUR", "per_experiment": 12.5},
    "Budget.wall_time": {"limit": 3, "unit": "d"},
    "Stop.no_improvement_after": 10,
    "Stop.idle_rounds": 3,
    "Stop.target": 95,
    "Stop.left_to_gain": 0.5,
    "Stop.confidence": 95,
    "Stop.expected_gain": 0.1,
    "Policy.name": "expected_improvement",
    "Policy.criterion": "standard_deviation",
    "Policy.beta": 4.0,
    "Policy.initial": {"design": "auto", "size": 6},
    "Policy.batch_size": 1,
    "Policy.in_flight": 2,
    "Policy.replicates": 1,
    "Policy.failures": "learn",
    "Policy.transfer": {"plain_every": 2},
    "TransferRule.method": "experts",
    "TransferRule.plain_every": 2,
    "TransferRule.off_below": 0.05,
    "TransferRule.learnt": True,
    "TransferRule.experience": {"coefficient": 0.9},
    "Experience.believed": {"same": 0.8, "similar": 0.65, "simulation": 0.5, "maybe": 0.3},
    "Experience.mirrored": 0.1,
    "Experience.coefficient": 0.9,
    "Experience.spread": 0.36,
    "Experience.leftover": 0.35,
    "InitialDesign.design": "auto",
    "InitialDesign.size": 6,
    "InitialDesign.points": [{"temperature": 80}],
    "Objective.name": "yield",
    "Objective.quantity": "isolated yield",
    "Objective.unit": "percent",
    "Objective.goal": "maximise",
    "Objective.target": 550,
    "Objective.low": 5,
    "Objective.high": 10,
    "Objective.plausible": [0, 100],
    "Column.name": "temperature",
    "Column.description": "temperature of the oil bath",
    "Column.unit": "degC",
    "Column.old_rows": 25,
    "ContinuousParameter.type": "continuous",
    "ContinuousParameter.low": 20,
    "ContinuousParameter.high": 120,
    "ContinuousParameter.scale": "linear",
    "ContinuousParameter.resolution": 1,
    "ContinuousParameter.digits": 2,
    "DiscreteParameter.type": "discrete",
    "DiscreteParameter.levels": [1, 2, 5, 10],
    "DiscreteParameter.low": 0,
    "DiscreteParameter.high": 200,
    "DiscreteParameter.step": 25,
    "IntegerParameter.type": "integer",
    "IntegerParameter.low": 1,
    "IntegerParameter.high": 5,
    "CategoricalParameter.type": "categorical",
    "CategoricalParameter.choices": ["DMF", "DMSO"],
    "CategoricalParameter.descriptors": {"DMF": {"polarity": 6.4}, "DMSO": {"polarity": 7.2}},
    "CategoricalParameter.descriptor_file": "solvents.csv",
    "CompositionParameter.type": "composition",
    "CompositionParameter.components": [{"name": "NaCl"}, {"name": "KCl", "high": 0.5}],
    "CompositionParameter.total": 1,
    "CompositionParameter.step": 0.05,
    "CompositionParameter.max_present": 3,
    "Component.name": "NaCl",
    "Component.low": 0.1,
    "Component.high": 0.5,
    "PoolColumn.units": {"thickness": "nm"},
    "CandidatesParameter.type": "candidates",
    "CandidatesParameter.file": "candidates.csv",
    "CandidatesParameter.id_column": "sample",
    "CandidatesParameter.descriptors": ["radius", "thickness"],
    "CandidatesParameter.labels": ["supplier"],
    "MaterialParameter.type": "material",
    "MaterialParameter.prototypes": [{"name": "B2", "sites": {"A": ["Al"], "B": ["Ni", "Pt"]}}],
    "MaterialParameter.properties": ["X", "group"],
    "Prototype.name": "B2",
    "Prototype.sites": {"A": ["Al", "Ti"], "B": ["Ni", "Pt"]},
    "LinearConstraint.type": "linear",
    "LinearConstraint.coefficients": {"acid": 1, "base": -2},
    "LinearConstraint.low": 0,
    "LinearConstraint.high": 10,
    "ExpressionConstraint.type": "expression",
    "ExpressionConstraint.expression": "temperature <= 80 or solvent != 'DMF'",
    "ExcludedCombination.type": "exclude",
    "ExcludedCombination.combination": {"solvent": "DMF", "base": ["NaH", "KH"]},
}
"""`Model.field` -> an example of its value. A field of a base stands under the base."""

DESCRIPTIONS: dict[str, str] = {
    "Campaign.name": "short name: small letters, digits, - and _",
    "Campaign.description": "what the campaign is for, in words",
    "Campaign.parameters": "what may be varied",
    "Campaign.constraints": "what the space leaves out",
    "Campaign.objectives": "what is measured and wanted; this version optimises one",
    "Campaign.context": "what stays the same and is worth recording: name -> value and unit",
    "Campaign.budget": "what may be spent: experiments, cost, wall time; at least one",
    "Campaign.stop": "when it is enough before the budget is spent",
    "Campaign.policy": "how the next experiments are chosen",
    "Campaign.execution": "who executes the experiments",
    "Campaign.seed": "the one seed, from which every random draw is derived",
    "Quantity.value": "a number or a text",
    "Quantity.unit": "unit of the number, as pint reads it",
    "ReviewRule.mode": "none: dispatch without people; required: a person approves each experiment",
    "Duration.limit": "the number",
    "Duration.unit": "s, min, h or d",
    "Cost.limit": "what may be spent in all, in `unit`",
    "Budget.experiments": "started experiments in all; failed ones count too",
    "Budget.cost": "a limit on cost",
    "Budget.wall_time": "a limit on the time since the first dispatch",
    "Policy.name": "the strategy",
    "Policy.initial": "the experiments before there is a model",
    "InitialDesign.design": "how they are chosen; `auto` is maximin for tables and Sobol otherwise",
    "InitialDesign.size": "how many; default: what the space asks for",
    "InitialDesign.points": "the points themselves, of design `points`: column -> setting",
    "Objective.name": "a name that may stand in a column header",
    "Objective.goal": "maximise, minimise, match a target, or stay within a range",
    "Column.name": "a letter or underscore, then letters, digits, underscores",
    "Column.description": "what it is, in words",
    "ContinuousParameter.type": "a number between low and high",
    "ContinuousParameter.low": "lowest setting, in `unit`",
    "ContinuousParameter.high": "highest setting, in `unit`",
    "ContinuousParameter.scale": "log for what spans decades",
    "DiscreteParameter.type": "a number out of a list, or out of an even ladder",
    "DiscreteParameter.low": "lowest level of the ladder",
    "DiscreteParameter.high": "highest level of the ladder",
    "DiscreteParameter.step": "distance of two levels of the ladder",
    "IntegerParameter.type": "a whole number between low and high",
    "IntegerParameter.low": "lowest setting",
    "IntegerParameter.high": "highest setting",
    "CategoricalParameter.type": "one of several names",
    "CategoricalParameter.choices": "the names; names that look like numbers or yes/no in quotes",
    "CompositionParameter.type": "amounts that sum to a total",
    "CompositionParameter.components": "what is mixed; each component is a column",
    "CompositionParameter.total": "what the amounts sum to",
    "CompositionParameter.max_present": "most components above 0; default: all",
    "Component.name": "name of the component, which is a column",
    "Component.low": "least amount where it is present",
    "CandidatesParameter.type": "one row of a table",
    "CandidatesParameter.id_column": "column that names the candidates; default: descriptors do",
    "MaterialParameter.type": "a crystal: elements on the sites of prototypes",
    "MaterialParameter.prototypes": "crystal structures with the elements for each site",
    "LinearConstraint.type": "low <= weighted sum <= high",
    "LinearConstraint.coefficients": "column of numbers -> its weight",
    "LinearConstraint.low": "lowest sum",
    "LinearConstraint.high": "highest sum",
    "ExpressionConstraint.type": "a comparison that must be true",
    "ExpressionConstraint.expression": "+ - * / **, comparisons, in [..], and or not, abs min max",
    "ExcludedCombination.type": "settings that may not come together",
    "ExcludedCombination.combination": "column -> one setting or several",
}
"""What the core does not already describe."""

MADE_BY_LOADER = frozenset({"pool", "source", "found", "asked_for"})


def known_as(model: type[BaseModel], field: str, table: Mapping[str, T]) -> T | None:
    """The entry of a field, under the model or the base that has it; None if there is none."""
    names = (f"{base.__name__}.{field}" for base in model.__mro__)
    return next((table[name] for name in names if name in table), None)


def keys(model: type[BaseModel]) -> list[str]:
    """The keys that may be written by hand."""
    return [name for name in model.model_fields if name not in MADE_BY_LOADER]


def written_like(model: type[BaseModel] | None, field: str) -> str:
    """`write e.g. low: 20`; empty where there is no example."""
    example = None if model is None else known_as(model, field, EXAMPLES)
    if example is None:
        return ""
    return f"write e.g. {field}: {_flow(example)}"


def _flow(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return str(value)
