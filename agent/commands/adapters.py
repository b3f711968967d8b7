"""`athanor adapter list | new | test`: the adapters that there are, a new one, and one put to the proof."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import Field
from rich.markup import escape

from agent.commands.common import (
    ByOption,
    Exit,
    JsonOption,
    StoreOption,
    console,
    errors,
    person,
    show_json,
    table,
)
from agent.commands.proving import Run, read, show
from agent.core.values import Value
from agent.errors import AdapterError, AthanorError

if TYPE_CHECKING:
    from agent.named import AdapterClasses

adapter = typer.Typer(help="List, make and test adapters.", no_args_is_help=True)

NameOption = Annotated[
    str, typer.Argument(metavar="NAME", help="As campaigns name it: execution.adapter.")
]


class Known(Value):
    """An adapter that a campaign may name: `fault` says why it cannot be loaded.

    `effect` is None where only an instance could tell; `settings` are descriptions by name, `required` those that
    must be given.
    """

    name: str
    origin: str
    effect: str | None = None
    settings: dict[str, str] = Field(default_factory=dict)
    required: tuple[str, ...] = ()
    fault: str = ""


@adapter.command("list")
def list_(as_json: JsonOption = False) -> None:
    """List the adapters that a campaign may name: installed ones, and those of the operators' file."""
    from agent.named import AdapterClasses

    classes = AdapterClasses()
    known = [_known(name, classes.origin(name), classes) for name in classes]
    if as_json:
        show_json([one.model_dump(mode="json") for one in known])
        return
    rows = [(one.name, one.origin, one.effect, one.fault or _told(one)) for one in known]
    console.print(table("", ("adapter", "from", "effect", "settings (* must be given)"), rows))


def _known(name: str, origin: str, classes: "AdapterClasses") -> Known:
    try:
        found = classes[name]
    except AthanorError as error:
        return Known(name=name, origin=origin, fault=str(error))
    fields = found.Settings.model_fields
    return Known(
        name=name,
        origin=origin,
        effect=getattr(found, "effect", None),
        settings={key: field.description or "" for key, field in fields.items()},
        required=tuple(key for key, field in fields.items() if field.is_required()),
    )


def _told(known: Known) -> str:
    return ", ".join(f"{key}*" if key in known.required else key for key in known.settings)


@adapter.command()
def new(
    name: Annotated[str, typer.Argument(help="Its name: small letters, digits, - and _.")],
    to: Annotated[
        Path | None,
        typer.Option(help="Folder to make it in.", show_default="athanor-NAME, here"),
    ] = None,
) -> None:
    """Make a package with an adapter of your own: complete, tested, with a simulated device to replace."""
    from agent.assemble import SystemClock
    from agent.named import AdapterClasses
    from agent.starter import start

    made = start(name, to, tuple(AdapterClasses()), SystemClock().now().date())
    console.print(f"{made.folder}", highlight=False, markup=False)
    for file in made.files:
        console.print(f"  {file}", highlight=False, markup=False)
    console.print(
        f"What to change is marked CHANGE in {made.module}/device.py. Until it is installed:\n"
        f"  export PYTHONPATH={made.folder} ATHANOR_OPERATORS={made.folder}/operators.yaml\n"
        f"  python -m pytest {made.folder}\n"
        f"  athanor adapter test {name} --settings {made.folder}/harmless.yaml",
        highlight=False,
        markup=False,
        soft_wrap=True,
    )


@adapter.command("test")
def try_(
    name: NameOption,
    settings: Annotated[
        Path | None,
        typer.Option(help="What is harmless, declared in a YAML file; `adapter new` writes one."),
    ] = None,
    campaign: Annotated[
        Path | None,
        typer.Option(help="A campaign instead, for what only computes: its first point is asked."),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Execute it without asking.")] = False,
    store: StoreOption = None,
    by: ByOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the contract suite against the real thing, within what was declared; each promise is told.

    Exit code 1: a promise was not kept, or a job is in doubt.
    """
    run = Run.of(read(name, settings, campaign), None if as_json else show)
    if not as_json:
        for line in run.foreseen():
            console.print(escape(line), highlight=False, soft_wrap=True)
    if reason := run.against():
        raise AdapterError(reason, "nothing was sent")
    if run.proof.physical and not yes and not typer.confirm("Execute it?", err=True):
        raise typer.Exit(Exit.PERSON)
    with run.alone(store, person(by)):
        try:
            promises = run.proof.run()
        except KeyboardInterrupt:
            for line in run.summary():
                errors.print(line, highlight=False, soft_wrap=True)
            raise
    if as_json:
        show_json([one.model_dump(mode="json") for one in promises])
    else:
        for line in run.summary():
            console.print(line, highlight=False, soft_wrap=True)
    if run.proof.doubt or any(one.state == "not kept" for one in promises):
        raise typer.Exit(Exit.FAULT)
