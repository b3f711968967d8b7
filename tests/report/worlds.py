"""Standings made by hand: campaigns as they might stand. The numbers are invented."""

import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from agent.core.actor import AGENT, Actor, Process
from agent.core.budget import Budget, Cost
from agent.core.campaign import Campaign, Quantity, ReviewRule
from agent.core.decision import Choice, Decision
from agent.core.execution import Execution
from agent.core.grounds import Grounds
from agent.core.job import FailureKind, Job, JobStatus, Observation
from agent.core.objective import Objective
from agent.core.parameters import CategoricalParameter, ContinuousParameter, IntegerParameter
from agent.core.policy import InitialDesign, Policy
from agent.core.pools import MaterialParameter, Pool, PoolRef, Prototype
from agent.core.register import CampaignStatus, Entry
from agent.core.space import SearchSpace
from agent.core.stop import Stop
from agent.core.trial import Plan, Prediction, Proposal, Review, Trial, TrialStatus
from agent.core.values import Point
from agent.standing import Standing

START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ANNA = Actor(kind="person", name="anna")
SENDER = Process(host="bench", boot="b", pid=7, started="1")


class World:
    """A campaign that is filled trial by trial."""

    def __init__(self, campaign: Campaign, space: SearchSpace | None = None) -> None:
        self.campaign = campaign
        self.space = space or campaign.space
        self.trials: list[Trial] = []
        self.reviews: list[Review] = []
        self.jobs: list[Job] = []
        self.observations: list[Observation] = []
        self.decisions: list[Decision] = []
        self.proposals: list[Proposal] = []

    def _at(self) -> datetime:
        return START + timedelta(minutes=20 * len(self.trials))

    def decide(self, kind: str = "model", notes: Sequence[str] = ()) -> None:
        number = len(self.decisions) + 1
        self.decisions.append(
            Decision(
                id=f"c-D{number:04d}", campaign="c", number=number, revision=1, kind=kind, rows=(),
                pending=(), batch=1, seed=1, clock=self._at(), budget={}, policy={}, choices=(),
                notes=tuple(notes), fingerprint={}, at=self._at(),
            )
        )  # fmt: skip

    def trial(
        self, point: Point, status: TrialStatus = TrialStatus.DONE, *, why: str = "",
        predicted: tuple[float, float] | None = None, grounds: Grounds | None = None,
        origin: str = "campaign", **more: object,
    ) -> Trial:  # fmt: skip
        number = len(self.trials) + 1
        if origin == "campaign" and not self.decisions:
            self.decide("initial")
        decision = self.decisions[-1].id if origin == "campaign" else None
        made = Trial(
            id=f"c-T{number:04d}", campaign="c", number=number, revision=1, batch=number,
            decision=decision, point=point, settings=self.space.settings(point), status=status,
            origin=origin, at=self._at(), **more,
        )  # fmt: skip
        self.trials.append(made)
        if decision and predicted:
            chosen = Choice(
                point=point, prediction={self.campaign.objective.name: predicted},
                acquisition="log_nei", why=why,
            )  # fmt: skip
            last = self.decisions[-1]
            self.decisions[-1] = last.model_copy(update={"choices": (*last.choices, chosen)})
        if decision:
            name, guess = self.campaign.objective.name, predicted
            prediction = {name: Prediction(mean=guess[0], sd=guess[1])} if guess else {}
            self.proposals.append(
                Proposal(
                    id=f"c-P{number:04d}", trial=made.id, decision=decision, prediction=prediction,
                    acquisition="log_nei", score=0.1, shares={}, why=why, grounds=grounds,
                    at=self._at(),
                )
            )  # fmt: skip
        return made

    def review(
        self, trial: Trial, verdict: str = "approve", by: Actor = ANNA,
        reasons: tuple[str, ...] = (), point: Point | None = None,
    ) -> None:  # fmt: skip
        point = point or trial.point
        self.reviews.append(
            Review(
                id=f"c-R{len(self.reviews) + 1:04d}", trial=trial.id, number=1, verdict=verdict,
                by=by, reasons=reasons, point=point, settings=self.space.settings(point),
                at=trial.at,
            )
        )  # fmt: skip

    def job(
        self, trial: Trial, status: JobStatus = JobStatus.DONE, failure: FailureKind | None = None,
        message: str = "",
    ) -> Job:  # fmt: skip
        cost = self.campaign.budget.cost.per_experiment if self.campaign.budget.cost else 0.0
        plan = Plan(
            trial=trial.id, revision=1, step="run", fidelity="target", parameters={}, objectives={},
            instrument=self.campaign.execution.target,
        )  # fmt: skip
        ended = trial.at + timedelta(minutes=9) if status in {"done", "failed"} else None
        made = Job(
            id=f"{trial.id}.1.1", campaign="c", trials=(trial.id,), plans=(plan,), approvals=(),
            step="run", instrument=self.campaign.execution.target, attempt=1, status=status,
            failure=failure, message=message, sender=SENDER, fence=1, cost=cost,
            intended_at=trial.at, started_at=trial.at, ended_at=ended,
        )  # fmt: skip
        self.jobs.append(made)
        return made

    def see(self, trial: Trial, value: float | None = None, **more: object) -> Observation:
        number, objective = len(self.observations) + 1, self.campaign.objective
        fields = {
            "objective": objective.name, "unit": objective.unit, "origin": trial.origin,
            "by": AGENT, "at": trial.at + timedelta(minutes=10), **more,
        }  # fmt: skip
        made = Observation(
            id=f"c-O{number:04d}", campaign="c", trial=trial.id, value=value, **fields
        )
        self.observations.append(made)
        return made

    def measured(self, point: Point, value: float, **more: object) -> Trial:
        """A trial that went well."""
        trial = self.trial(point, **more)
        self.job(trial)
        self.see(trial, value)
        return trial

    def failed(self, point: Point, kind: FailureKind, message: str = "", **more: object) -> Trial:
        """A trial that did not."""
        trial = self.trial(point, TrialStatus.FAILED, **more)
        self.job(trial, JobStatus.FAILED, kind, message)
        return trial

    def standing(
        self, status: CampaignStatus = CampaignStatus.ACTIVE, reason: str = ""
    ) -> Standing:
        entry = Entry(id="c", name=self.campaign.name, status=status, reason=reason, at=START)
        return Standing(
            entry=entry, revision=1, campaign=self.campaign, trials=tuple(self.trials),
            reviews=tuple(self.reviews), jobs=tuple(self.jobs),
            observations=tuple(self.observations), decisions=tuple(self.decisions),
            now=START + timedelta(hours=9),
        )  # fmt: skip


ENERGY = Objective(
    name="formation_energy", quantity="formation energy", unit="eV/atom", goal="minimise"
)

_A = {"Sc": 21, "Ti": 22, "Y": 39, "Zr": 40, "Hf": 72, "Ta": 73}
_B = {
    "Fe": 26, "Co": 27, "Ni": 28, "Cu": 29, "Ru": 44, "Rh": 45, "Pd": 46, "Ag": 47, "Ir": 77,
    "Pt": 78, "Au": 79,
}  # fmt: skip


def invented_energy(a: str, b: str) -> float:
    """Of no crystal: a smooth function with some noise, in eV/atom."""
    wish = {"Sc": 0.9, "Ti": 0.7, "Y": 0.85, "Zr": 0.8, "Hf": 0.75, "Ta": 0.35}[a]
    offer = {
        "Fe": 0.25, "Co": 0.45, "Ni": 0.55, "Cu": 0.3, "Ru": 0.85, "Rh": 1.15, "Pd": 1.1, "Ag": 0.3,
        "Ir": 1.25, "Pt": 1.4, "Au": 0.75,
    }[b]  # fmt: skip
    return 0.08 - wish * offer + random.Random(f"{a}{b}").gauss(0, 0.03)


def alloy_pool() -> Pool:
    pairs = [(a, b) for a in _A for b in _B]
    return Pool(
        ids=tuple(f"{a}{b} (B2)" for a, b in pairs),
        labels={
            "prototype": ("B2",) * len(pairs), "A": tuple(a for a, _ in pairs),
            "B": tuple(b for _, b in pairs),
        },
        descriptors={"A_Z": tuple(float(_A[a]) for a, _ in pairs)},
    )  # fmt: skip


def alloy_campaign(**more: object) -> Campaign:
    material = MaterialParameter(
        name="crystal", prototypes=(Prototype(name="B2", sites={"A": tuple(_A), "B": tuple(_B)}),),
        pool=PoolRef(sha256="0", rows=66, labels=("prototype", "A", "B"), descriptors=("A_Z",)),
    )  # fmt: skip
    fields = {
        "name": "b2-alloys", "parameters": (material,), "objectives": (ENERGY,),
        "description": "Which of 66 ordered alloys of an early with a late transition metal binds "
        "the strongest?",
        "budget": Budget(experiments=20),
        "policy": Policy(initial=InitialDesign(design="maximin", size=5)),
        "execution": Execution(adapter="chgnet", settings={"fmax": 0.01}), "seed": 7,
        "review": ReviewRule(mode="none"),
        **more,
    }  # fmt: skip
    return Campaign(**fields)


def alloys(n: int = 20, **more: object) -> World:
    """A campaign on a pool of 66 alloys, `n` of them measured."""
    campaign, pool = alloy_campaign(**more), alloy_pool()
    world = World(campaign, campaign.space.bound({"crystal": pool}))
    chosen = ["TaFe", "YPt", "ScCu", "HfRu", "TiAg", "ZrPt", "YIr", "ScRh", "ScPt", "ZrIr", "YPd",
              "HfPt", "ScIr", "TiPt", "YRh", "ScPd", "ZrRh", "HfIr", "TiIr", "ZrPd"]  # fmt: skip
    rng, known = random.Random(1), []
    for number, name in enumerate(chosen[:n], 1):
        a, b = next((a, b) for a in _A for b in _B if f"{a}{b}" == name)
        value, point = invented_energy(a, b), {"crystal": f"{name} (B2)"}
        if number <= 5:
            world.measured(point, value, why=f"point {number} of 5 of the initial design (maximin)")
        else:
            notes = ("the marginal likelihood had no maximum: the prior's mode was taken",)
            world.decide(notes=notes if number == 11 else ())
            sd = 0.28 / math.sqrt(number - 4)
            guess = value + rng.gauss(0, sd * 0.9)
            nearest = rng.choice(known)
            why = f"expected {guess:.2f} ± {sd:.2f} eV/atom; the nearest measured is {nearest}".replace(
                "-", "−"
            )
            world.measured(point, value, predicted=(guess, sd), why=why)
        known.append(f"{name} (B2)")
    return world


def reactor(n: int = 18, waiting: int = 2, **more: object) -> World:
    """A continuous campaign of three parameters and a solvent, reviewed by a person."""
    parameters = (
        ContinuousParameter(name="temperature", unit="degC", low=30, high=110, resolution=0.5),
        ContinuousParameter(name="residence_time", unit="min", low=0.5, high=20, scale="log"),
        ContinuousParameter(name="equivalents", low=1, high=3, resolution=0.05),
        CategoricalParameter(name="solvent", choices=("DMF", "MeCN", "toluene", "EtOH")),
    )
    fields = {
        "name": "amide-coupling", "parameters": parameters,
        "objectives": (Objective(name="yield", quantity="isolated", unit="percent", goal="maximise"),),
        "budget": Budget(experiments=40, cost=Cost(limit=600, unit="EUR", per_experiment=12.5)),
        "stop": Stop(target=95.0), "context": {"substrate": Quantity(value="batch 12"),
                                               "pressure": Quantity(value=1.0, unit="bar")},
        "execution": Execution(adapter="http_lab", instrument="flow-2",
                               settings={"url": "http://user:geheim@lab.local/api"}),
        "review": ReviewRule(mode="required"), **more,
    }  # fmt: skip
    world, rng = World(Campaign(**fields)), random.Random(4)
    for number in range(1, n + 1):
        model = number > 6
        if number == 7 or (model and number % 3 == 1):
            world.decide()
        point = {
            "temperature": round(rng.gauss(82, 7) * 2) / 2 if model else 30 + rng.randrange(161) / 2,
            "residence_time": float(f"{math.exp(rng.gauss(1.9, 0.3) if model else rng.uniform(-0.6, 2.9)):.2e}"),
            "equivalents": round(rng.choice([1.6, 1.7, 1.75, 1.9]) if model else rng.uniform(1, 3), 2),
            "solvent": rng.choice(["DMF", "DMF", "MeCN"] if model else ["DMF", "MeCN", "toluene", "EtOH"]),
        }  # fmt: skip
        value = _invented_yield(point) + rng.gauss(0, 1.5)
        predicted = (value + rng.gauss(0, 5), 5.2) if model else None
        why = "likely better than the best so far (share 0.7), and little is known nearby (0.3)"
        if number == 9:
            world.failed(point, "infeasible", "the line clogged: product precipitated", why=why)
            continue
        trial = world.measured(
            point, max(value, 0.4), predicted=predicted, why=why if model else "Sobol"
        )
        world.review(trial)
    for _ in range(waiting):
        point = {"temperature": 84.5, "residence_time": 6.8, "equivalents": 1.75, "solvent": "DMF"}
        world.trial(point, TrialStatus.PROPOSED, predicted=(88.0, 3.1), why="the best expected")
    return world


def _invented_yield(point: Point) -> float:
    base = {"DMF": 92, "MeCN": 80, "toluene": 45, "EtOH": 30}[str(point["solvent"])]
    heat = math.exp(-(((float(point["temperature"]) - 84) / 24) ** 2))
    time = math.exp(-((math.log(float(point["residence_time"]) / 7) / 1.3) ** 2))
    return base * heat * time * (1 - abs(float(point["equivalents"]) - 1.75) / 5)


def simple(
    values: Iterable[float] = (), *, name: str = "simple", budget: int = 50, **objective: object
) -> World:
    """One integer parameter, and these values."""
    fields = {"name": "y", "unit": "1", "goal": "maximise", **objective}
    world = World(
        Campaign(
            name=name, parameters=(IntegerParameter(name="x", low=0, high=2000),),
            objectives=(Objective(**fields),), budget=Budget(experiments=budget),
            execution=Execution(adapter="function"),
        )
    )  # fmt: skip
    for n, value in enumerate(values):
        world.measured({"x": n}, value)
    return world


def traded(count: int = 12, **more: object) -> World:
    """Two objectives of one number: the more there is, the dearer it is, up to where it spoils."""
    objectives = (
        Objective(name="mass", unit="mg", goal="maximise"),
        Objective(name="price", unit="EUR", goal="minimise"),
    )
    world = World(
        Campaign(
            **{
                "name": "traded", "parameters": (IntegerParameter(name="x", low=0, high=100),),
                "objectives": objectives, "budget": Budget(experiments=30),
                "execution": Execution(adapter="function"), **more,
            }
        )
    )  # fmt: skip
    for n in range(count):
        world.measured({"x": n}, float(min(n, 8)))
        last = world.observations[-1]
        world.observations.append(
            last.model_copy(update={"id": f"{last.id}b", "objective": "price", "unit": "EUR",
                                    "value": float(n * n)})
        )  # fmt: skip
    return world


def unknown(world: World) -> World:
    """The same, with one job in doubt."""
    trial = world.trial(world.trials[0].point, TrialStatus.IN_PROGRESS)
    world.job(trial, JobStatus.UNKNOWN, message="the server did not answer for 30 min")
    return world


def renamed(standing: Standing, name: str) -> Standing:
    return replace(standing, entry=standing.entry.model_copy(update={"name": name}))
