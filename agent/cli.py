"""The command line: `athanor`. Thin: each command is in `agent.commands`.

Exit codes: 0 done; 1 a fault, told on the error stream; 2 wrong usage; 3 it waits for a person;
4 it waits for an instrument; 5 another process holds the campaign; 6 a replay came out different;
7 the campaign is paused; 130 interrupted.
"""

import sys
from typing import Annotated

import typer
from rich.markup import escape

from agent import __version__
from agent.commands import (
    adapters,
    backtesting,
    checking,
    control,
    doctor,
    importance,
    instruments,
    metrics,
    priors,
    results,
    review,
    run,
    screening,
    status,
    stocks,
    storing,
    validate,
)
from agent.commands.common import Exit, errors
from agent.errors import AthanorError, CampaignError, LeaseHeld, OperatorsError

app = typer.Typer(
    name="athanor",
    help="Run experimental campaigns where data are scarce: propose, review, dispatch, learn.",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_show_locals=False,
    epilog="Exit codes: 0 done, 1 fault, 2 usage, 3 waits for a person, 4 waits for an instrument, "
    "5 held by another process, 6 replay differs, 7 paused, 130 interrupted.",
)

app.command()(run.run)
app.command()(status.status)
app.command()(checking.check)
app.command()(review.review)
app.command()(screening.screen)
app.command()(results.record)
app.command()(control.pause)
app.command()(control.resume)
app.command()(control.stop)
app.command()(control.resolve)
app.command()(control.judge)
app.command()(results.export)
app.command("import")(results.import_)
app.command()(results.replay)
app.command()(results.report)
app.command()(importance.importance)
app.command()(validate.validate)
app.command()(backtesting.backtest)
app.command()(results.schema)
app.command()(metrics.metrics)
app.command()(doctor.doctor)
app.add_typer(priors.priors, name="priors")
app.add_typer(adapters.adapter, name="adapter")
app.add_typer(instruments.instrument, name="instrument")
app.add_typer(stocks.stock, name="stock")
app.add_typer(storing.store, name="store")


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"athanor {__version__}")
        raise typer.Exit


@app.callback()
def _common(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def main() -> None:
    """The entry point: faults of ours are told in a line with a hint, never as a traceback."""
    try:
        app(prog_name="athanor")
    except AthanorError as error:
        errors.print(f"[red]error[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(_code(error))
    except OSError as error:
        errors.print(f"[red]error[/red] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(Exit.FAULT)


def _code(error: AthanorError) -> Exit:
    if isinstance(error, LeaseHeld):
        return Exit.HELD
    return Exit.USAGE if isinstance(error, CampaignError | OperatorsError) else Exit.FAULT


if __name__ == "__main__":
    main()
