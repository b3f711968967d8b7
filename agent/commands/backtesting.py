"""`athanor backtest`: how many experiments would it have taken, on data that are known already?"""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from agent.commands.common import Exit, JsonOption, console, errors, show_json, table

_WIDE = 150
"""Characters that the table needs; a pipe or a narrow terminal gets them too."""


def backtest(
    files: Annotated[
        list[Path], typer.Argument(help="Campaign files whose adapter is a table or a function.")
    ],
    policies: Annotated[
        str | None,
        typer.Option(
            help="Policies to compare, with commas between them; random is the reference. "
            "`+` and a method of transfer after one: expected_improvement+none is without the priors; "
            "`+bar` learns nothing from what has failed; ax is Ax.",
            show_default="expected_improvement,random; of goal learn uncertainty,random",
        ),
    ] = None,
    seeds: Annotated[
        int, typer.Option(help="Runs of each policy; a seed gives each the same start.")
    ] = 5,
    jobs: Annotated[int, typer.Option("--jobs", "-j", help="Processes at the same time.")] = 1,
    budget: Annotated[
        int | None, typer.Option(help="Experiments of a run; default: the file's.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the result as JSON.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option(help="Write the regret curves: PNG, SVG or PDF.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Run campaigns many times on recorded data, and say how many experiments each policy needs."""
    from agent.assemble import adapter_of
    from agent.backtest import learnt_table, of_failures, of_priors, picture, run
    from agent.backtest import table as rows_of
    from agent.load import read
    from agent.named import PretrainedModels, SettingsModels

    models, pretrained = SettingsModels(), PretrainedModels()
    resolved = [read(file, models, models=pretrained) for file in files]
    if policies is None:
        learning = all(one.campaign.aim.learning for one in resolved)
        policies = "uncertainty,random" if learning else "expected_improvement,random"
    names = [name.strip() for name in policies.split(",") if name.strip()]
    with Progress(
        TextColumn("back-test"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=errors,
        disable=not errors.is_terminal,
    ) as bar:
        task = bar.add_task("back-test", total=len(files) * len(names) * seeds)

        def progress(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        result = run(resolved, names, seeds, jobs, adapter_of, progress, budget)
    if output is not None:
        output.write_text(result.model_dump_json(indent=1) + "\n")
    if plot is not None:
        picture(result, plot)
    if as_json:
        show_json(result.model_dump(mode="json"))
    else:
        for head, *rows in (rows_of(result), learnt_table(result)):
            if rows:
                Console(width=max(console.width, _WIDE)).print(table("", head, rows))
        for line in [*of_priors(result), *of_failures(result)]:
            console.print(line, highlight=False)
    for failure in result.failures:
        errors.print(
            f"[red]failed[/red] {failure.campaign}, {failure.policy}, seed {failure.seed}: {failure.reason}",
            highlight=False,
        )
    if result.failures:
        raise typer.Exit(Exit.FAULT)
