"""Quote figures in documents: fill each block between `<!-- figures NAME -->` and `<!-- end -->`.

NAME is a file of docs/results. Run it after a benchmark has made the file anew. A block of all its
figures says how they were made; `<!-- figures NAME auc_* to_top5 -->` quotes some of them, in that
order, `<!-- made NAME -->` says only how, and `<!-- story NAME -->` what happened, a line each.
"""

import json
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parent.parent / "docs"
_BLOCK = re.compile(
    r"(<!-- (?P<what>figures|made|story) (?P<name>\w+)(?P<some>[^\n]*) -->\n).*?(?P<end><!-- end -->)",
    re.DOTALL,
)


def filled(text: str) -> str:
    """`text` with the blocks as the results say."""
    return _BLOCK.sub(_filled, text)


def _filled(block: re.Match[str]) -> str:
    result = json.loads((DOCS / "results" / f"{block['name']}.json").read_text())
    lines: list[str] = []
    if block["what"] == "figures":
        lines += table(result["figures"], block["some"].split())
    if block["what"] == "story":
        lines += ["```", *result["story"], "```", ""]
        return block[1] + "\n".join(lines) + block["end"]
    if block["what"] == "made" or not block["some"].strip():
        lines += [made(result), ""]
    return block[1] + "\n".join(lines) + block["end"]


def table(figures: list[dict[str, Any]], some: list[str]) -> list[str]:
    """Figures as a table: all, or those of some patterns in their order.

    Raises:
        ValueError: a pattern fits no figure.
    """
    chosen = figures
    if some:
        fitting = [[one for one in figures if fnmatch(one["name"], word)] for word in some]
        if not all(fitting):
            raise ValueError(f"no figure is named {some[fitting.index([])]}")
        chosen = [one for each in fitting for one in each]
    rows = [f"| `{one['name']}` | {_number(one['value'])} | {_limits(one)} |" for one in chosen]
    return ["| figure | value | low to high |", "| --- | --- | --- |", *rows, ""]


def made(result: dict[str, Any]) -> str:
    """Under which conditions figures were made."""
    versions = ", ".join(f"{key} {value}" for key, value in result["versions"].items())
    return f"Made by `{result['command']}` at commit `{result['commit'][:9]}` on {result['machine']}; {versions}."


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
