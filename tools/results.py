"""Quote figures in documents: fill each table between `<!-- figures NAME -->` and `<!-- end -->`.

NAME is a file of docs/results. Run it after a benchmark has made the file anew.
"""

import json
import re
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
_BLOCK = re.compile(r"(<!-- figures (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """`text` with the tables as the results say."""
    return _BLOCK.sub(lambda block: block[1] + table(block[2]) + block[3], text)


def table(name: str) -> str:
    """The figures of a results file as a table, and under which conditions they were made."""
    result = json.loads((DOCS / "results" / f"{name}.json").read_text())
    rows = [
        f"| `{one['name']}` | {_number(one['value'])} | {_limits(one)} |"
        for one in result["figures"]
    ]
    versions = ", ".join(f"{key} {value}" for key, value in result["versions"].items())
    made = f"Made by `{result['command']}` at commit `{result['commit'][:9]}` on {result['machine']}; {versions}."
    return "\n".join(
        ["| figure | value | low to high |", "| --- | --- | --- |", *rows, "", made, ""]
    )


def _limits(figure: dict[str, Any]) -> str:
    return f"{_number(figure['low'])} to {_number(figure['high'])}"


def _number(value: float) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def documents() -> list[Path]:
    """Every document that quotes figures."""
    return [path for path in sorted(DOCS.rglob("*.md")) if _BLOCK.search(path.read_text())]


def main() -> None:
    """Fill every document."""
    for path in documents():
        path.write_text(filled(path.read_text()))


if __name__ == "__main__":
    main()
