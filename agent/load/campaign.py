"""`read`: a campaign file, with every table that it names, -> a resolved campaign."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.core.campaign import Campaign
from agent.core.parameters import CategoricalParameter
from agent.core.pools import CandidatesParameter, MaterialParameter, Pool, PoolRef
from agent.core.source import Source, SourceRef, TransferPrior
from agent.core.space import Parameter, SearchSpace
from agent.core.values import canonical
from agent.errors import CampaignError
from agent.load import (
    computed,
    costs,
    emptiness,
    execution,
    learning,
    materials,
    plan,
    pools,
    priors,
    reading,
    references,
    results,
    revise,
    rules,
    settings,
    shape,
    space,
)
from agent.load.computed import Models
from agent.load.faults import Findings, Loc
from agent.load.settings import Place, SettingsModels
from agent.load.shape import Parts
from agent.load.target import Target


@dataclass(frozen=True)
class Resolved:
    """A campaign that stands on its own.

    `source` is the file's own text; `blobs` holds each pool and each source of a prior as canonical
    JSON under the sha256 that the campaign names; `pools` the same by parameter; `warnings` what a person should know.
    """

    campaign: Campaign
    source: str
    blobs: dict[str, bytes] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the priors know whose rows are resolved."""
        return tuple(Source.model_validate_json(self.blobs[sha]) for sha in self.campaign.sources)

    @property
    def space(self) -> SearchSpace:
        """The campaign's space with its pools."""
        return self.campaign.space.bound(self.pools)


def read(
    path: str | Path,
    settings_models: SettingsModels,
    environ: Mapping[str, str] | None = None,
    models: Models | None = None,
) -> Resolved:
    """The campaign in a file, with pools resolved and paths absolute.

    Args:
        path: The YAML file.
        settings_models: Adapter name -> the model of its settings; the adapters that there are.
        environ: Where `${NAME}` in file paths is looked up; default: the process's environment.
        models: Name -> pretrained model, for priors.

    Raises:
        CampaignError: it cannot be used; `faults` lists everything that is wrong with it.
    """
    file = Path(path)
    document, findings = reading.document(file)
    place = Place(file.resolve().parent, os.environ if environ is None else environ)
    parts = shape.parts(findings)
    tables = _resolve_parameters(findings, parts, place)
    columns = space.columns(findings, parts, tables)
    space.check_units(findings, parts)
    rules.check(findings, parts.constraints, columns)
    costs.check(findings, parts, columns)
    bound = None
    if findings.clean(("parameters",)) and findings.clean(("constraints",)) and parts.parameters:
        whole = tuple(parts.parameters.values()), tuple(parts.constraints.values())
        bound = SearchSpace(parameters=whole[0], constraints=whole[1]).bound(tables)
        if whole[1] and emptiness.nothing_left(*whole, tables, columns):
            what = "no point of the space meets all of them"
            findings.fault(("constraints",), what, "relax one, or widen the parameters")
    sources = _resolve_priors(findings, parts, place, bound, models or {})
    _resolve_oracles(findings, parts, settings_models, place)
    learning.settle(findings, parts)
    plan.check(findings, parts, bound)
    if "execution" in parts.single:
        parts.single["execution"] = execution.resolved(findings, parts, settings_models, place)
    if findings.faults:
        count = len(findings.faults)
        raise CampaignError(
            f"{file} cannot be used: {count} fault{'s' if count > 1 else ''}",
            faults=findings.faults,
        )
    blobs = dict([*map(_blob, tables.values()), *map(_blob, sources)])
    return Resolved(parts.campaign(), document.source, blobs, tables, findings.warnings)


def _resolve_priors(
    findings: Findings, parts: Parts, place: Place, space: SearchSpace | None, models: Models
) -> list[Source]:
    """Replaces each prior whose rows can be had by its resolved self; gives the sources.

    Earlier campaigns and oracles are read where there is a store.
    """
    found: list[Source] = []
    objective = parts.objectives.get(0)
    _check_called(findings, parts)
    if space is None or objective is None:
        return found
    target = Target(space, objective, parts.single.get("context", {}))
    for n, prior in list(parts.priors.items()):
        loc: Loc = ("priors", n)
        source, read = None, prior
        if prior.table is not None:
            path = _file(findings, (*loc, "table"), prior.table, place)
            table = None if path is None else results.of_table(findings, loc, prior, path)
            if table is not None:
                source = priors.source(findings, loc, prior, table, target)
                read = prior.model_copy(update={"table": str(path)})
        elif prior.formula is not None:
            source = computed.of_formula(findings, loc, prior, target)
        elif prior.model is not None:
            source = computed.of_model(findings, loc, prior, target, models)
        if source is not None:
            parts.priors[n] = with_source(read, source)
            found.append(source)
    return found


def _check_called(findings: Findings, parts: Parts) -> None:
    """The guard, the report and the journal call a prior by its name: there is one of each."""
    seen: set[str] = set()
    for n, prior in parts.priors.items():
        if prior.called in seen:
            what = f"two priors are called {prior.called!r}"
            findings.fault(("priors", n), what, "give one of them another name: name: …")
        seen.add(prior.called)
    alike = [n for n, prior in parts.priors.items() if prior.alike is not None]
    for n in alike[1:]:
        findings.fault(("priors", n, "alike"), "there is an `alike` already", "one finds them all")


def _resolve_oracles(
    findings: Findings, parts: Parts, settings_models: SettingsModels, place: Place
) -> None:
    for n, prior in list(parts.priors.items()):
        if prior.oracle is not None:
            loc: Loc = ("priors", n, "oracle")
            if prior.oracle.steps:
                what = "an oracle only computes, in one step"
                findings.fault((*loc, "steps"), what, "give it one adapter in place of steps")
                continue
            oracle = settings.resolved(findings, prior.oracle, settings_models, place, loc)
            parts.priors[n] = prior.model_copy(update={"oracle": oracle})


def with_source(prior: TransferPrior, source: Source) -> TransferPrior:
    """The prior, saying where its rows are kept."""
    sha256, _ = _blob(source)
    return prior.model_copy(update={"source": SourceRef(sha256=sha256, rows=len(source.rows))})


def _resolve_parameters(findings: Findings, parts: Parts, place: Place) -> dict[str, Pool]:
    """Replaces each sound parameter by its resolved self, drops the others; gives the pools."""
    tables: dict[str, Pool] = {}
    apart = {objective.name for objective in parts.objectives.values()}
    for n, parameter in list(parts.parameters.items()):
        loc: Loc = ("parameters", n)
        space.check_numbers(findings, loc, parameter)
        resolved: Parameter | None = parameter
        if isinstance(parameter, CategoricalParameter) and parameter.descriptor_file is not None:
            resolved = _with_descriptors(findings, loc, parameter, place)
        elif isinstance(parameter, CandidatesParameter | MaterialParameter):
            resolved, pool = _with_pool(findings, loc, parameter, place, apart)
            if pool is not None:
                tables.setdefault(parameter.name, pool)
        if resolved is None or not findings.clean(loc):
            del parts.parameters[n]
            continue
        parts.parameters[n] = resolved
        pool_here = tables.get(resolved.name)
        reason = revise.old_rows_reason(resolved, pool_here)
        if reason is not None:
            findings.fault((*loc, "old_rows"), reason, "give a value in its range, or unknown")
    return tables


def _with_descriptors(
    findings: Findings, loc: Loc, parameter: CategoricalParameter, place: Place
) -> CategoricalParameter | None:
    at = (*loc, "descriptor_file")
    if parameter.descriptors is not None:
        findings.fault(at, "descriptors are given in the file and here", "give one of the two")
        return None
    path = _file(findings, at, str(parameter.descriptor_file), place)
    if path is None:
        return None
    described = pools.described(findings, loc, parameter, path)
    update = {"descriptors": described, "descriptor_file": str(path)}
    return None if described is None else parameter.model_copy(update=update)


def _with_pool(
    findings: Findings,
    loc: Loc,
    parameter: CandidatesParameter | MaterialParameter,
    place: Place,
    apart: set[str],
) -> tuple[Parameter | None, Pool | None]:
    update: dict[str, object] = {}
    if isinstance(parameter, MaterialParameter):
        made = materials.pool(findings, loc, parameter)
    else:
        path = _file(findings, (*loc, "file"), parameter.file, place)
        if path is None:
            return None, None
        update["file"] = str(path)
        made = pools.candidates(findings, loc, parameter, path, apart)
    if made is None:
        return None, None
    sha256, raw = _blob(made)
    # What is used is what is kept: the pool as it comes back from its own bytes.
    pool = Pool.model_validate_json(raw)
    update["pool"] = PoolRef(
        sha256=sha256,
        rows=len(pool.ids),
        labels=tuple(pool.labels),
        descriptors=tuple(pool.descriptors),
    )
    return parameter.model_copy(update=update), pool


def _file(findings: Findings, loc: Loc, text: str, place: Place) -> Path | None:
    path = references.located(findings, loc, text, place.folder, place.environ)
    if path is None or not references.existing_file(findings, loc, path):
        return None
    return path


def _blob(made: Pool | Source) -> tuple[str, bytes]:
    raw = canonical(made).encode()
    return hashlib.sha256(raw).hexdigest(), raw
