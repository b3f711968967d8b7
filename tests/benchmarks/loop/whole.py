"""Whole things beside something run next to them: a back-test, `athanor status`, a round's writes."""

import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.fit import fit_gpytorch_mll
from botorch.models import SingleTaskGP
from botorch.models.transforms import Standardize
from botorch.models.utils.gpytorch_modules import get_covar_module_with_dim_scaled_prior
from botorch.optim.optimize import optimize_acqf_discrete
from botorch.sampling.normal import SobolQMCNormalSampler
from gpytorch.mlls import ExactMarginalLogLikelihood

from adapters.function import FunctionAdapter
from agent.assemble import SystemClock, adapter_of
from agent.core import ids
from agent.core.actor import Actor
from agent.core.trial import Trial
from agent.data.store import Store
from agent.dispatch.process import this_process
from agent.enrol import enrol
from agent.lab import Lab
from agent.load import read
from agent.loop import rounds
from agent.named import SettingsModels
from tests.core.made import observation

POOL, DIMENSIONS, EXPERIMENTS, INITIAL, SAMPLES = 1000, 4, 50, 5, 128
PERSON = Actor(kind="person", name="bench")
PAIRS = 5

CAMPAIGN = """\
name: pool
parameters: [{{name: candidate, type: candidates, file: {file}, descriptors: [a, b, c, d]}}]
objectives: [{{name: y, unit: "1", goal: maximise}}]
budget: {{experiments: {experiments}}}
policy: {{initial: {{size: {initial}}}}}
execution: {{adapter: table, settings: {{file: {file}, objectives: {{y: {{unit: "1"}}}}}}}}
"""


def backtest(pairs: int = PAIRS) -> list[float]:
    """Ratios of our 50-experiment run on a pool of 1,000 to a script's with BoTorch."""
    random = np.random.default_rng(0)
    X = random.random((POOL, DIMENSIONS))
    y = np.sin(5 * X[:, 0]) + X[:, 1] * X[:, 2] - (X[:, 3] - 0.3) ** 2
    ratios = []
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "pool.csv"
        lines = [
            ",".join(f"{value:.6f}" for value in (*row, value))
            for row, value in zip(X, y, strict=True)
        ]
        table.write_text("\n".join(["a,b,c,d,y", *lines]) + "\n")
        for number in range(pairs + 1):
            if number % 2:
                ours, plain = _ours(table, number), _plain(X, y, number)
            else:
                plain, ours = _plain(X, y, number), _ours(table, number)
            ratios.append(ours / plain)
    return ratios[1:]


def _ours(table: Path, seed: int) -> float:
    file = table.parent / "campaign.yaml"
    text = CAMPAIGN.format(file=table, experiments=EXPERIMENTS, initial=INITIAL)
    file.write_text(text + f"seed: {seed}\n")
    start = time.perf_counter()
    resolved = read(file, SettingsModels())
    with Store.open("sqlite://") as store:
        enrol(store, resolved, PERSON, SystemClock().now(), lambda change, outside: True)
        adapter = adapter_of(resolved.campaign)
        lab = Lab(store, {"table": adapter}, SystemClock(), this_process())
        for _ in rounds(lab, "pool", heartbeat=False):
            pass
    return time.perf_counter() - start


def _plain(X: np.ndarray, y: np.ndarray, seed: int) -> float:
    start = time.perf_counter()
    torch.manual_seed(seed)
    pool, values = torch.tensor(X), torch.tensor(y).unsqueeze(-1)
    measured = torch.randperm(POOL)[:INITIAL].tolist()
    while len(measured) < EXPERIMENTS:
        train = pool[measured]
        kernel = get_covar_module_with_dim_scaled_prior(DIMENSIONS, use_rbf_kernel=False)
        model = SingleTaskGP(
            train, values[measured], covar_module=kernel, outcome_transform=Standardize(m=1)
        )
        fit_gpytorch_mll(ExactMarginalLogLikelihood(model.likelihood, model))
        sampler = SobolQMCNormalSampler(torch.Size([SAMPLES]), seed=seed)
        acquisition = qLogNoisyExpectedImprovement(model, train, sampler, prune_baseline=True)
        left = [index for index in range(POOL) if index not in set(measured)]
        with torch.no_grad():
            chosen, _ = optimize_acqf_discrete(acquisition, q=1, choices=pool[left])
        measured.append(left[int((pool[left] - chosen).abs().sum(-1).argmin())])
    return time.perf_counter() - start


def status(pairs: int = PAIRS) -> list[float]:
    """Ratios of `athanor status` to a process that imports sqlmodel, typer and rich."""
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "store.db")
        Store.open(path).close()
        program = str(Path(sys.executable).with_name("athanor"))
        ours = [program, "status", "--store", path]
        plain = [sys.executable, "-c", "import sqlmodel, typer, rich"]
        for command in (ours, plain):
            subprocess.run(command, check=True, capture_output=True)
        return [_seconds(ours) / _seconds(plain) for _ in range(pairs * 2)]


def _seconds(command: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def bookkeeping(trials: int = 1000, measured_rounds: int = 10) -> list[float]:
    """Milliseconds of a round (random policy, so that it is all bookkeeping) with so many trials."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "campaign.yaml"
        file.write_text(
            "name: many\nparameters:\n"
            "  - {name: x1, type: continuous, low: -5, high: 10}\n"
            "  - {name: x2, type: continuous, low: 0, high: 15}\n"
            'objectives: [{name: value, unit: "1", goal: minimise}]\n'
            "budget: {experiments: 100}\npolicy: {name: random}\n"
            "execution: {adapter: function, settings: {function: branin}}\n"
        )
        resolved = read(file, SettingsModels())
        with Store.open(str(Path(folder) / "store.db")) as store:
            entry = enrol(
                store, resolved, PERSON, SystemClock().now(), lambda change, outside: True
            ).entry
            _fill(store, entry.id, trials)
            adapter = FunctionAdapter(FunctionAdapter.Settings(function="branin"))
            lab = Lab(store, {"function": adapter}, SystemClock(), this_process())
            spent = []
            start = time.perf_counter()
            for number, _ in enumerate(rounds(lab, "many", heartbeat=False)):
                spent.append(1000 * (time.perf_counter() - start))
                start = time.perf_counter()
                if number >= measured_rounds:
                    break
    return spent[1:]


def _fill(store: Store, campaign: str, trials: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    random = np.random.default_rng(0)
    with store.write(PERSON, now) as tx:
        for _ in range(trials):
            number = tx.number(campaign, "trial")
            point = {"x1": float(random.uniform(-5, 10)), "x2": float(random.uniform(0, 15))}
            trial_id = ids.record(campaign, "T", number)
            tx.add_trial(
                Trial(
                    id=trial_id,
                    campaign=campaign,
                    number=number,
                    revision=1,
                    batch=0,
                    point=point,
                    settings=point,
                    status="done",
                    at=now,
                )
            )
            name = ids.record(campaign, "O", tx.number(campaign, "observation"))
            tx.observe(
                observation(
                    id=name,
                    campaign=campaign,
                    trial_id=trial_id,
                    objective="value",
                    value=1.0,
                    by=PERSON,
                    at=now,
                )
            )


def spread(values: list[float]) -> tuple[float, float, float]:
    """Median, lowest and highest."""
    return statistics.median(values), min(values), max(values)
