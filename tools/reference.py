"""Write the pages of docs/reference that are made from the code: run it after the code changes."""

from enum import StrEnum
from pathlib import Path

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


PAGES = {"lifecycles.md": lifecycles}


def main() -> None:
    """Write every page."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, page in PAGES.items():
        (FOLDER / name).write_text(page())


if __name__ == "__main__":
    main()
