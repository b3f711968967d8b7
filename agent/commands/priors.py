"""`athanor priors …`: what is known before a campaign, how far it is believed, and what it has saved."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from agent.commands.common import (
    JsonOption,
    NameArgument,
    StoreOption,
    console,
    errors,
    existing,
    show_json,
    table,
)
from agent.core.campaign import Campaign
from agent.core.saving import Saving
from agent.data.store import Store
from agent.errors import NotFound
from agent.resolved import campaign_of, space_of
from agent.standing import Standing, stand
from agent.status import Trusted, trusted

if TYPE_CHECKING:
    from agent.alike import Likeness
    from agent.load.target import Target

priors = typer.Typer(
    help="What is known before a campaign, how far it is believed, and what it has saved.",
    no_args_is_help=True,
)


@priors.command()
def show(
    name: NameArgument,
    each: Annotated[
        bool, typer.Option("--each/--together", help="Reckon the savings of each of several, too.")
    ] = True,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """How far each prior is believed, and how many experiments the priors have saved or cost.

    The second is reckoned by imagining the campaign without them, on what is known of the response
    by now: a guess, which gets better with results.
    """
    from agent.assemble import SystemClock

    with existing(store) as opened:
        standing = stand(opened, name, SystemClock().now())
        saving = reckon(opened, standing, each=each)
        told = trusted(standing, saving)
    if as_json:
        show_json(None if told is None else told.model_dump(mode="json"))
    elif told is None or not told.weights:
        _show_none(standing, told)
    else:
        _show(standing, told, saving)


def reckon(store: Store, standing: Standing, *, each: bool) -> Saving | None:
    """What the priors have saved, with a bar while it is reckoned; None before they had a say."""
    from agent.twin import reckoned

    with _shown("imagining the campaign without its priors") as progress:
        return reckoned(store, standing.entry.id, standing.now, each=each, progress=progress)


@contextmanager
def _shown(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal while something long goes on: call it with (done, of how much)."""
    with Progress(
        TextColumn(what),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        console=errors,
        disable=not errors.is_terminal,
        transient=True,
    ) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def _show_none(standing: Standing, told: Trusted | None) -> None:
    if told is not None:
        for line in told.left_out:
            console.print(escape(line), highlight=False)
    elif standing.campaign.priors:
        console.print("the priors have had no say yet: there is no decision with them")
    else:
        console.print(f"{standing.campaign.name} has no priors: its file names none")


def _show(standing: Standing, told: Trusted, saving: Saving | None) -> None:
    shares = saving.by_source if saving else {}
    rows = []
    for prior in standing.campaign.priors:
        mean, sd = told.coefficients.get(prior.called, (None, None))
        rows.append(
            (
                prior.called,
                prior.trust,
                prior.source.rows if prior.source else "",
                "off" if prior.called in told.off else f"{told.trusted.get(prior.called, 0):.0%}",
                "" if mean is None else f"{mean:.2f} ± {sd:.2f}",
                *(
                    [f"{shares[prior.called]:+.0f}" if prior.called in shares else ""]
                    if shares
                    else ()
                ),
            )
        )
    alone = ("saved beside the others",) if shares else ()
    console.print(table("", ("prior", "trust", "rows", "believed", "counts", *alone), rows))
    console.print(
        "believed: how likely it has a say, by this campaign's results; below "
        f"{standing.campaign.policy.transfer.off_below:.0%} in three decisions in a row it is switched "
        "off. counts: by what its values are multiplied; 1 is at face value, below 0 upside down"
    )
    each = ", ".join(f"{name} {weight:.0%}" for name, weight in told.weights.items())
    console.print(f"models    {each}", highlight=False)
    for line in told.left_out:
        console.print(f"          {escape(line)}", highlight=False)
    if saving is not None:
        console.print(f"priors    {escape(saving.words)}", highlight=False)


@priors.command()
def alike(
    file: Annotated[
        Path, typer.Argument(help="A campaign file (YAML), or the name of a campaign in the store.")
    ],
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Earlier campaigns of the store that look alike, by what they varied, measured and found."""
    from agent.alike import likenesses
    from agent.assemble import SystemClock

    with existing(store) as opened:
        campaign, target = _asked(opened, file)
        found = likenesses(opened, campaign, target, SystemClock().now())
    if as_json:
        show_json([{**vars(one), "good": one.good} for one in found])
        return
    if not found:
        console.print("no campaign of the store looks alike: nothing that it varied or measured is")
        return
    head = ("campaign", "rows", "alike", "correlation", "evidence", "columns")
    console.print(table("", head, [_row(one) for one in found]))
    console.print(
        "alike: by what was varied and measured, in which ranges; correlation: of the ranks of results, "
        "at so many points that both have; evidence: by how much it makes this campaign's results "
        "likelier, in logarithms (+2.3: ten times). The last two want results of this campaign"
    )
    names = ", ".join(one.campaign for one in found if one.good)
    if names:
        console.print(f"as priors: [bold]alike: 3[/bold], or by name: {escape(names)}")


def _row(one: "Likeness") -> tuple[str, ...]:
    correlation = "" if one.correlation is None else f"{one.correlation:+.2f} of {one.shared}"
    evidence = "" if one.evidence is None else f"{one.evidence:+.1f}"
    columns = ", ".join(
        ours if ours == theirs else f"{ours}: {theirs}" for ours, theirs in one.columns.items()
    )
    return (one.campaign, str(one.rows), f"{one.likeness:.0%}", correlation, evidence, columns)


def _asked(store: Store, file: Path) -> "tuple[Campaign, Target]":
    from agent.load import read
    from agent.load.target import Target
    from agent.named import PretrainedModels, SettingsModels

    if file.is_file() or file.suffix in {".yaml", ".yml"}:
        resolved = read(file, SettingsModels(), models=PretrainedModels())
        campaign, space = resolved.campaign, resolved.space
    else:
        campaign = campaign_of(store, store.entry(str(file)).id)
        space = space_of(store, campaign)
    return campaign, Target(space, campaign.objective, campaign.context)


@priors.command()
def learn(store: StoreOption = None, as_json: JsonOption = False) -> None:
    """What the past campaigns of the store teach of priors: how far to believe them at first.

    Each campaign is predicted from the others. Print it, to be written under `policy: transfer`; or
    write `learnt: true` there, and it is learnt when the file enters.
    """
    from agent.assemble import SystemClock
    from agent.experience import FEWEST, learnt

    with existing(store) as opened, _shown("learning from past campaigns") as progress:
        told = learnt(opened, SystemClock().now(), progress=progress)
    if not told.campaigns:
        raise NotFound(
            "there is too little to learn from",
            f"it takes {FEWEST} campaigns with 6 results or more that look alike",
        )
    if as_json:
        show_json({**vars(told), "experience": told.experience.model_dump(mode="json")})
        return
    import yaml

    rule = {"policy": {"transfer": {"experience": _rounded(told.experience.model_dump())}}}
    console.print(yaml.safe_dump(rule, sort_keys=False), end="", highlight=False, markup=False)
    errors.print(
        f"learnt from {', '.join(told.campaigns)}; their results are {told.gain:+.1f} in logarithms "
        "likelier than with the defaults (+2.3: ten times); campaigns that are copies count as often",
        highlight=False,
    )


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {str(key): _rounded(item) for key, item in value.items()}
    return round(value, 3) if isinstance(value, float) else value
