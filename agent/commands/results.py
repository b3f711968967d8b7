"""`athanor record | export | import | report | replay | schema`: what comes in, and what is made of it."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.markup import escape

from agent.commands.common import (
    ByOption,
    Exit,
    JsonOption,
    NameArgument,
    StoreOption,
    console,
    errors,
    existing,
    person,
    show_json,
    table,
)
from agent.commands.entering import FileArgument, enter
from agent.core.analysis import Analysis
from agent.core.job import Job
from agent.data.store import Store
from agent.errors import AdapterError

OutOption = Annotated[Path, typer.Option("--output", "-o", help="File to write.")]


def record(
    name: NameArgument,
    trial: Annotated[str, typer.Argument(help="Trial, by number or id.")],
    values: Annotated[
        list[str],
        typer.Argument(
            help="objective=value, objective='value unit', objective='<0.5' or objective=void:reason"
        ),
    ],
    correct: Annotated[
        bool, typer.Option("--correct", help="Correct what was recorded before.")
    ] = False,
    withdraw: Annotated[
        bool | None,
        typer.Option(
            "--withdraw/--leave",
            help="Take the job back from its instrument, where it still lies; default: ask.",
        ),
    ] = None,
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Record results by hand: of an experiment at the bench, of one in doubt, or as a correction."""
    from agent.assemble import SystemClock
    from agent.recording import record as write

    with existing(store) as opened:
        written = write(
            opened, name, trial, values, person(by), SystemClock().now(), correct=correct
        )
        for line in written.lines:
            console.print(escape(line), highlight=False)
        if written.job is not None:
            _withdraw(opened, written.job, withdraw)


def _withdraw(store: Store, job: Job, wanted: bool | None) -> None:
    """See whether the instrument still has the job, whose result a person has just brought."""
    from agent.assemble import adapters_of, asked
    from agent.resolved import campaign_of

    try:
        adapter = adapters_of(campaign_of(store, job.campaign)).get(job.instrument)
        if adapter is None:  # a revision has taken it away
            return
        sighting = asked(lambda: adapter.find(job, job.handle))
        if sighting.state != "running":
            return
        where = f"{job.instrument} still has it ({sighting.reason or 'running'})"
        console.print(escape(f"{where}: nothing from there is taken in any more"), highlight=False)
        if wanted is None:
            at_hand = console.is_terminal and typer.get_text_stream("stdin").isatty()
            wanted = at_hand and typer.confirm("Withdraw it there?", default=True)
        if wanted:
            answer = asked(lambda: adapter.cancel(job, job.handle or {}))
            console.print(f"withdrawing it: {answer}", highlight=False)
    except AdapterError as error:
        console.print(
            escape(f"whether {job.instrument} still has it is not known: {error}"), highlight=False
        )


def export(name: NameArgument, output: OutOption, store: StoreOption = None) -> None:
    """Write one row a trial as CSV, Parquet or JSON, by the file's ending."""
    from agent.assemble import SystemClock
    from agent.exchange import export as write

    with existing(store) as opened:
        write(opened, name, output, SystemClock().now())
    console.print(f"{output}", highlight=False, soft_wrap=True)


def import_(
    name: FileArgument,
    file: Annotated[
        Path,
        typer.Argument(
            help="Tidy results: CSV, Parquet or JSON; units in the headers, as in `yield [%]`."
        ),
    ],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Take them in without asking.")] = False,
    store: StoreOption = None,
    by: ByOption = None,
) -> None:
    """Take in earlier results as history: they teach, and do not count against the budget.

    With a campaign file it can be done before the campaign's first run.
    """
    from agent.assemble import SystemClock, open_store
    from agent.exchange import apply_import, plan_import

    with open_store(store, create=name.is_file()) as opened:
        entered = enter(opened, name, person(by), yes=yes)
        plan = plan_import(opened, entered, file)
        for line in plan.lines():
            console.print(escape(line), highlight=False)
        if not plan.rows:
            raise typer.Exit(Exit.FAULT if plan.faults else Exit.DONE)
        if yes or typer.confirm(f"Take in {len(plan.rows)} rows?"):
            apply_import(plan, opened, person(by), SystemClock().now())
            console.print(f"{len(plan.rows)} rows taken in.")


def report(
    name: NameArgument,
    output: OutOption,
    importance: Annotated[
        bool,
        typer.Option("--importance", help="Draw, too, which parameters matter by the last model."),
    ] = False,
    analysis: Annotated[
        Literal["ax"] | None,
        typer.Option(help="Draw, too, another program's analysis of the results: ax."),
    ] = None,
    store: StoreOption = None,
) -> None:
    """Write one self-contained HTML page that shows how the campaign stands."""
    from agent.assemble import SystemClock
    from agent.report import write

    with existing(store) as opened:
        matters = None
        if importance:
            from agent.importance import importance_of

            matters = importance_of(opened, name)
        now = SystemClock().now()
        analyses: Sequence[Analysis] = ()
        if analysis:
            from agent.analysis import analyses_of

            analyses = analyses_of(opened, name, now)
        write(opened, name, output, now, matters, analyses)
    console.print(f"{output}", highlight=False, soft_wrap=True)


def replay(
    name: NameArgument,
    policy: Annotated[
        str | None,
        typer.Option(
            "--policy",
            help="Ask instead what this policy (or ax) would have chosen; with +none after it, without priors.",
        ),
    ] = None,
    store: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compute every decision again from its stored inputs; exit code 6 if one comes out different."""
    from rich.progress import track

    from agent.core.space import describe
    from agent.replay import counterfactual
    from agent.replay import replay as again

    quiet = as_json or not console.is_terminal
    with existing(store) as opened:
        total = len(opened.decisions(opened.entry(name).id))
        if policy:
            others = list(
                track(
                    counterfactual(opened, name, policy),
                    "replaying",
                    total=total,
                    disable=quiet,
                    transient=True,
                )
            )
            if as_json:
                show_json([one.model_dump(mode="json") for one in others])
                return
            rows = [
                (
                    one.number,
                    "; ".join(map(describe, one.stored)),
                    "the same" if one.same else "; ".join(describe(c.point) for c in one.instead),
                )
                for one in others
            ]
            console.print(table("", ("decision", "chosen", f"{policy} would have chosen"), rows))
            return
        verdicts = list(
            track(again(opened, name), "replaying", total=total, disable=quiet, transient=True)
        )
    if as_json:
        show_json([one.model_dump(mode="json") for one in verdicts])
    else:
        counts = {
            kind: sum(one.verdict == kind for one in verdicts)
            for kind in ("identical", "equivalent", "different")
        }
        console.print(
            f"{len(verdicts)} decisions: " + ", ".join(f"{n} {kind}" for kind, n in counts.items())
        )
        for one in verdicts:
            if one.verdict == "different":
                stored, points = (
                    "; ".join(map(describe, one.stored)),
                    "; ".join(map(describe, one.again)),
                )
                console.print(
                    f"[red]{one.decision}[/red] {escape(one.why)}: stored {escape(stored)}, again {escape(points)}",
                    highlight=False,
                )
    if any(one.verdict == "different" for one in verdicts):
        raise typer.Exit(Exit.DIFFERENT)


def schema(
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File to write; default: print.")
    ] = None,
    operators: Annotated[
        bool, typer.Option("--operators", help="Of the operators' file instead.")
    ] = False,
) -> None:
    """Print the JSON Schema of campaign files, or of the operators' file, so that an editor completes them."""
    import json

    from agent.load.schema import operators_schema

    made = operators_schema() if operators else _campaign_schema()
    text = json.dumps(made, indent=2, ensure_ascii=False)
    if output is None:
        typer.echo(text)
    else:
        output.write_text(text + "\n")


def _campaign_schema() -> dict[str, Any]:
    from agent.load import schema as made
    from agent.named import SettingsModels

    models, loaded = SettingsModels(), {}
    for name in models:
        try:
            loaded[name] = models[name]
        except AdapterError as error:
            errors.print(f"[yellow]left out[/yellow] {escape(str(error))}", highlight=False)
    return made(loaded)
