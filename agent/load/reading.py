"""A file's bytes -> plain data with lines; what YAML reads otherwise than meant is a fault."""

import math
import re
from pathlib import Path

import yaml

from agent.errors import CampaignError, Fault
from agent.load.faults import Document, Findings, Loc

_LARGEST = 1_000_000
_MOST_NODES = 50_000
_DEEPEST = 30
_LONGEST_NUMBER = 40
_TAG = "tag:yaml.org,2002:"
_EXPONENT = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")
"""YAML 1.1 takes 1e-3 for a text; nobody who writes it means one."""
_INTEGER = re.compile(r"[-+]?(0|[1-9]\d*)")


CAMPAIGN = "`name: my-campaign`, or from a file in campaigns/"


def document(path: Path, start: str = CAMPAIGN) -> tuple[Document, Findings]:
    """The parsed file, and what is wrong with the way it is written.

    Args:
        path: The file.
        start: What such a file can be started from.

    Raises:
        CampaignError: it cannot be read as YAML with a mapping at the top.
    """
    text = _text(path)
    try:
        root = _compose(text)
        walk = _Walk(root)
    except yaml.MarkedYAMLError as error:
        raise _refused(path, _syntax(error, text)) from error
    except yaml.reader.ReaderError as error:
        at = f"character {error.position}"
        fault = Fault(at, "the file holds bytes that are no text", "save it as plain UTF-8 text")
        raise _refused(path, fault) from error
    except (RecursionError, ValueError) as error:
        fault = Fault("the file", "it is nested too deeply, or repeats itself without end", "")
        raise _refused(path, fault) from error
    if walk.data is None:
        fault = Fault("the file", "it is empty", f"start from {start}")
        raise _refused(path, fault)
    if not isinstance(walk.data, dict):
        what = "it is not a list of `key: value` lines"
        raise _refused(path, Fault("line 1", what, f"start from {start}"))
    found = Document(text, walk.data, walk.lines, walk.written)
    findings = Findings(found)
    for loc, what, mend in walk.odd:
        findings.fault(loc, what, mend)
    return found, findings


def _refused(path: Path, fault: Fault) -> CampaignError:
    return CampaignError(f"{path} cannot be used as a campaign", faults=[fault])


def _text(path: Path) -> str:
    try:
        size = path.stat().st_size
        raw = path.read_bytes() if size <= _LARGEST else b""
    except FileNotFoundError as error:
        raise CampaignError(f"there is no file {path}", "check the path") from error
    except (OSError, ValueError) as error:
        raise CampaignError(f"{path} cannot be read: {error}", "give a campaign file") from error
    if size > _LARGEST:
        what = f"it is larger than {_LARGEST // 1_000_000} MB"
        mend = "long lists belong in a table beside it (a parameter of type candidates)"
        raise _refused(path, Fault("the file", what, mend))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"byte {error.start} is not UTF-8: it is no text, or saved in another encoding"
        raise _refused(path, Fault("the file", what, "save it as UTF-8 text")) from error


def _compose(text: str) -> yaml.Node | None:
    loader = yaml.SafeLoader(text)
    try:
        return loader.get_single_node()
    finally:
        loader.dispose()


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Fault:
    mark = error.problem_mark or error.context_mark
    at = "the file" if mark is None else f"line {mark.line + 1}"
    problem = error.problem or "this is not YAML"
    lines = text.splitlines()
    line = lines[mark.line] if mark is not None and mark.line < len(lines) else ""
    if "\\t" in problem or line[: len(line) - len(line.lstrip())].count("\t"):
        return Fault(at, "the line is indented with a tab", "indent with spaces")
    if "expected a single document" in (error.context or ""):
        return Fault(at, "a second document starts here (---)", "one file holds one")
    if "undefined alias" in problem:
        return Fault(at, problem, "a text that starts with * must be in quotes")
    if "mapping values are not allowed" in problem:
        return Fault(at, "a ':' stands where none may", "put a text with ': ' in it in quotes")
    if "cannot start any token" in problem:
        return Fault(at, problem, "put a text that starts with such a sign in quotes")
    mend = "check indentation, brackets and quotes on this line and the one before"
    return Fault(at, problem, mend)


class _Walk:
    """Builds plain data from YAML nodes. Keys are texts. Aliases are followed, up to a limit.

    Args:
        root: The composed document.

    Raises:
        ValueError: it is too deep or, with its aliases written out, too large.
    """

    def __init__(self, root: yaml.Node | None) -> None:
        self.lines: dict[Loc, int] = {}
        self.written: dict[Loc, str] = {}
        self.odd: list[tuple[Loc, str, str]] = []
        self._nodes = 0
        self.data = None if root is None else self._value(root, ())

    def _value(self, node: yaml.Node, loc: Loc) -> object:
        self._nodes += 1
        if self._nodes > _MOST_NODES or len(loc) > _DEEPEST:
            raise ValueError("too large or too deep")
        self.lines.setdefault(loc, node.start_mark.line + 1)
        if isinstance(node, yaml.MappingNode) and node.tag == _TAG + "map":
            return self._mapping(node, loc)
        if isinstance(node, yaml.SequenceNode) and node.tag == _TAG + "seq":
            return [self._value(item, (*loc, n)) for n, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode):
            self.written[loc] = node.value
            return self._scalar(node, loc)
        self.odd.append((loc, f"the YAML tag {_short(node.tag)} is not used here", "leave it out"))
        return None

    def _mapping(self, node: yaml.MappingNode, loc: Loc) -> dict[str, object]:
        found: dict[str, object] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                at = (*loc, "?")
                self.lines[at] = key_node.start_mark.line + 1
                self.odd.append((at, "a key must be a text", "write `key: value`"))
                continue
            key = key_node.value if _printable(key_node.value) else repr(key_node.value)
            at = (*loc, key)
            if key_node.tag == _TAG + "merge":
                self.lines[at] = key_node.start_mark.line + 1
                self.odd.append((at, "merging with << is not read here", "write the keys out"))
                continue
            if key in found:
                line = key_node.start_mark.line + 1
                what = f"the key stands twice: on line {self.lines[at]} and on line {line}"
                self.odd.append((at, what, "keep one of them"))
                continue
            self.lines[at] = key_node.start_mark.line + 1
            found[key] = self._value(value_node, at)
        return found

    def _scalar(self, node: yaml.ScalarNode, loc: Loc) -> object:
        text, tag = node.value, node.tag.removeprefix(_TAG)
        match tag:
            case "str":
                plain = node.style is None and len(text) < _LONGEST_NUMBER
                is_number = plain and _EXPONENT.fullmatch(text)
                return self._float(text, loc) if is_number else self._plain(text, loc)
            case "null":
                return None
            case "bool":
                return self._truth(text, loc)
            case "int":
                return self._integer(text, loc)
            case "float":
                return self._float(text, loc)
            case "timestamp" if loc[:1] == ("instruments",) and loc[-1:] == ("at",):
                return text  # when operators have signed: a date is what is meant
            case "timestamp":
                what = f"{text} is read by YAML as a date"
            case _:
                what = f"the YAML tag {_short(node.tag)} is not used here"
        return self._quote(loc, what, text)

    def _plain(self, text: str, loc: Loc) -> str:
        if _printable(text):
            return text
        self.odd.append((loc, "the text holds control characters", "leave them out"))
        return ""

    def _truth(self, text: str, loc: Loc) -> object:
        truth = text.casefold() in ("yes", "true", "on")
        if _may_be_true(loc):
            return truth
        return self._quote(loc, f"YAML reads {text} as the truth value {str(truth).lower()}", text)

    def _integer(self, text: str, loc: Loc) -> object:
        if _INTEGER.fullmatch(text) and len(text) < _LONGEST_NUMBER:
            return int(text)
        kind = "a number of base 60" if ":" in text else "an octal, binary or otherwise odd number"
        return self._quote(loc, f"YAML reads {text[:_LONGEST_NUMBER]} as {kind}", text)

    def _float(self, text: str, loc: Loc) -> object:
        if ":" in text:
            return self._quote(loc, f"YAML reads {text} as a number of base 60", text)
        try:
            number = float(re.sub(r"^([-+]?)\.(?=inf|nan)", r"\1", text.casefold()))
        except ValueError:
            return self._quote(loc, f"{text!r} is not a number", text)
        if not math.isfinite(number):
            self.odd.append((loc, f"{text} is not a finite number", "give a number"))
            return text
        return number

    def _quote(self, loc: Loc, what: str, text: str) -> str:
        shown = text.replace("'", "''")[:_LONGEST_NUMBER]
        self.odd.append((loc, what, f"if it is a text, quote it: '{shown}'"))
        return text


def _printable(text: str) -> bool:
    """No control characters, and no half characters: neither can be stored as text everywhere."""
    return not any((c < " " and c not in "\n\t\r") or "\ud800" <= c <= "\udfff" for c in text)


def _short(tag: str) -> str:
    return tag.replace(_TAG, "!!")[:60]


def _may_be_true(loc: Loc) -> bool:
    """Whether a truth value may stand here: in an adapter's settings, and where a key asks for one."""
    within = loc[3:] if loc[:2] == ("execution", "steps") else loc[1:]
    if loc[:1] == ("execution",):
        return within[:1] in {("settings",), ("instruments",)} or within == ("repeatable",)
    operators = loc[:1] == ("instruments",) and loc[2:3] == ("settings",)
    oracle = loc[2:4] == ("oracle", "settings")
    return operators or oracle or loc == ("policy", "transfer", "learnt")
