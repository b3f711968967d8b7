"""Write the pages of docs/reference that are made from the code: run it after the code changes."""

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any

from typer.main import get_command

from agent import cli
from agent.commands.common import Exit
from agent.core.lifecycle import JOB, TRIAL, Step

FOLDER = Path(__file__).parent.parent / "docs" / "reference"


def lifecycles() -> str:
    """The life cycles as a page."""
    parts = [
        "# Life cycles",
        "",
        "Made from `agent/core/lifecycle.py` by `tools/reference.py`. Every step is taken by one",
        "function, in one transaction with its fact and its line of the journal.",
        "",
        *_cycle("Trial", TRIAL),
        "`in progress` and the states after it are derived from the trial's jobs by `trial_status`.",
        "",
        *_cycle("Job", JOB),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _cycle(title: str, steps: tuple[Step, ...]) -> list[str]:
    rows = [
        f"| {_name(s.source)} | {_name(s.target)} | {_actors(s)} | {s.condition} |" for s in steps
    ]
    return [f"## {title}", "", "| from | to | who | when |", "| --- | --- | --- | --- |", *rows, ""]


def _name(status: StrEnum) -> str:
    return f"`{status}`"


def _actors(step: Step) -> str:
    return "anyone" if len(step.actors) == 3 else " or ".join(sorted(step.actors))


def commands() -> str:
    """Every command with its arguments and options, and the exit codes, as a page."""
    parts = [
        "# Commands",
        "",
        "Made from `agent/cli.py` by `tools/reference.py`. `athanor COMMAND --help` says the same.",
        "",
        "## Exit codes",
        "",
        "| code | says |",
        "| --- | --- |",
        *(f"| {code.value} | {meaning} |" for code, meaning in _meanings()),
        "",
        *_described(get_command(cli.app), "athanor"),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _meanings() -> Iterator[tuple[Exit, str]]:
    """Each exit code with what the docstring of `agent.cli` says of it."""
    told = " ".join((cli.__doc__ or "").partition("Exit codes:")[2].split())
    said = {int(number): text for number, text in re.findall(r"(\d+) ([^;.]+)", told)}
    return ((code, said[code]) for code in Exit)


def _described(group: Any, name: str) -> Iterator[str]:
    for word, command in group.commands.items():
        full = f"{name} {word}"
        if hasattr(command, "commands"):
            yield from _described(command, full)
            continue
        arguments = [one for one in command.params if one.opts == [one.name]]
        options = [one for one in command.params if one not in arguments and not one.hidden]
        usage = " ".join(["", *map(_placed, arguments), *(["[OPTIONS]"] if options else [])])
        yield from (f"## {full}", "", f"`{full}{usage}`", "", " ".join(command.help.split()), "")
        rows = [f"| `{_placed(one)}` | {_cell(one.help)} |" for one in arguments]
        rows += [f"| {_spelled(one)} | {_cell(_told(one))} |" for one in options]
        yield from ("| | |", "| --- | --- |", *rows, "")


def _placed(argument: Any) -> str:
    """An argument as a usage line has it."""
    name = argument.name.upper() + ("..." if argument.nargs == -1 else "")
    return name if argument.required else f"[{name}]"


def _spelled(option: Any) -> str:
    return ", ".join(f"`{word}`" for word in option.opts)


def _told(option: Any) -> str:
    """An option's help with what holds where it is not given."""
    more = ["Required."] if option.required else []
    default = option.show_default if isinstance(option.show_default, str) else option.default
    if default not in (None, False, ""):
        more.append(f"Default: {default}.")
    if option.envvar:
        more.append(f"Also by `{option.envvar}`.")
    return " ".join([option.help, *more])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGES = {"lifecycles.md": lifecycles, "commands.md": commands}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())


if __name__ == "__main__":
    main()
