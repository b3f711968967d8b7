"""What the documents say is so: examples are read, commands are run, names and links exist."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from pydantic import BaseModel

from agent import cli
from agent.commands.common import Exit
from agent.core.adapter import Adapter
from agent.core.campaign import Campaign
from agent.core.harmless import Declaration
from agent.core.job import FailureKind
from agent.core.operators import Operators
from agent.core.policy import Policy
from agent.load import read
from agent.load.fields import MADE_BY_LOADER
from agent.load.operators import read_operators
from agent.load.schema import models_of
from agent.named import AdapterClasses, PretrainedModels, SettingsModels
from tests.docs.pages import (
    GUIDE,
    PAGES,
    ROOT,
    Block,
    Command,
    anchors,
    blocks,
    commands,
    links,
    named,
    save,
)

EXECUTED = {"yaml", "csv", "python", "sh", "toml"}
"""Languages of which every block is read or run."""

SHOWN = {"": "drawings and layers", "sql": "the role is tested in tests/contracts/test_postgres.py"}
"""Languages of blocks that are only shown, and why."""

BY_SHELL = ("mkdir -p ", "cp ", "sed -i ", "python -m pytest ")
"""Commands that are run by the shell as they stand. `athanor` is run, and `export` holds from there."""

SKIPPED = [
    "README.md: make demo",
    "README.md: make test",
    "docs/operation.md: prefect work-pool create athanor --type process",
    "docs/operation.md: prefect --no-prompt deploy -n run -n advance -n all",
    "docs/operation.md: prefect worker start --pool athanor --limit 2",
    "docs/operation.md: prefect deployment run campaign/run --param name=branin",
    "docs/own-adapter.md: python -m pip install --editable athanor-uv-cell",
]
"""Commands that are not run here: the first two make an environment each, and CI runs both; those that
want a server of Prefect are run in `tests/flow/test_flow.py`, and the installation in `tests/starter`.
"""

IN_THIS_PROCESS = {"docs/guide.md", "docs/adapters.md", "docs/operation.md", "docs/operators.md"}
"""Pages whose `athanor` is called here, for speed; on the others it is a process, as written."""

SLOW = {"README.md", "docs/own-adapter.md"}
"""Pages that compute for minutes and start Prefect's server, or run a device again and again."""

EXAMPLES = {"campaigns/x.yaml"}
"""Names that stand for any other."""

MARKDOWN = tuple(
    path
    for path in sorted(ROOT.rglob("*.md"))
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
    and path.relative_to(ROOT).parts[0] not in {"build", "dist", "shared"}
)

EVERY = [block for page in PAGES for block in blocks(page)]


def of(language: str) -> list[Any]:
    return [pytest.param(one, id=str(one)) for one in EVERY if one.language == language]


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of its own with the campaigns, a store that is not there yet, and nothing exported."""
    shutil.copytree(ROOT / "campaigns", tmp_path / "campaigns")
    for name in ("ATHANOR_OPERATORS", "PREFECT_API_URL", "PYTHONPATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ATHANOR_STORE", str(tmp_path / "store.db"))
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path / "prefect"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_every_block_is_executed_or_is_known_to_be_only_shown() -> None:
    assert {one.language for one in EVERY} <= EXECUTED | SHOWN.keys()


@pytest.mark.parametrize("block", of("yaml"))
def test_a_campaign_is_read(block: Block, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A block that begins with `name` is a whole campaign; another replaces keys of the guide's
    first; one with the operators' keys is their file, one with `good` says what is harmless.
    """
    document = yaml.safe_load(block.text)
    if document.keys() <= Operators.model_fields.keys():
        (desk / "operators.yaml").write_text(block.text)
        assert read_operators(desk / "operators.yaml")[0] != Operators()
        return
    if "good" in document:
        assert Declaration.model_validate(document).good
        return
    for page in (GUIDE, block.page):
        save(page, desk)
    whole = next(iter(document)) == "name"
    if not whole:
        document = {**yaml.safe_load(blocks(GUIDE, "yaml")[0].text), **document}
    execution = document["execution"]
    adapters = {one["adapter"] for one in execution.get("steps", [execution])}
    if "chgnet" in adapters:
        pytest.importorskip("chgnet", reason="athanor[oracles] is not installed")
    if "sila" in adapters:
        pytest.importorskip("sila2", reason="athanor[sila] is not installed")
    allowed = Operators()
    if (desk / "operators.yaml").exists():
        allowed, _ = read_operators(desk / "operators.yaml")
        monkeypatch.syspath_prepend(desk)
    for folder in ("bench", "sheets", "spectra"):
        (desk / folder).mkdir()
    (desk / "furnace-1.pem").touch()
    file = desk / "read.yaml"
    file.write_text(yaml.safe_dump(document, allow_unicode=True))
    classes, models = AdapterClasses(allowed), PretrainedModels(allowed)
    found = read(file, SettingsModels(classes), models=models)
    assert found.campaign.name == document["name"]
    assert not (whole and found.warnings)


@pytest.mark.parametrize("block", of("toml"))
def test_a_toml_block_is_toml(block: Block) -> None:
    assert tomllib.loads(block.text)


@pytest.mark.parametrize("block", of("python"))
def test_a_python_block_runs(block: Block, desk: Path) -> None:
    save(block.page, desk)
    script = desk / (block.file or "block.py")
    script.write_text(block.text)
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def walks() -> list[Any]:
    return [
        pytest.param(page, id=named(page), marks=[pytest.mark.slow] if named(page) in SLOW else [])
        for page in PAGES
        if blocks(page, "sh")
    ]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", walks())
def test_every_command_of_a_page_does_what_it_says(
    page: Path, desk: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    save(page, desk)
    for command in commands(page):
        if command.text.startswith("export "):
            name, _, value = command.words[1].partition("=")
            monkeypatch.setenv(name, value)
            if name == "PYTHONPATH":
                monkeypatch.syspath_prepend(desk / value)
        elif command.text.startswith("athanor ") and named(page) in IN_THIS_PROCESS:
            _expect(command, _called(command, monkeypatch), "".join(capfd.readouterr()))
        elif command.text.startswith(("athanor ", *BY_SHELL)):
            done = subprocess.run(
                command.text, shell=True, capture_output=True, text=True, check=False
            )
            _expect(command, done.returncode, done.stdout + done.stderr)


def _called(command: Command, monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(sys, "argv", command.words)
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


def _expect(command: Command, code: int, said: str) -> None:
    """The code that the page tells; where it tells none, 0, or what `--no-wait` may leave with."""
    waits = {Exit.PERSON, Exit.INSTRUMENT} if "--no-wait" in command.words else set()
    wanted = {Exit.DONE, *waits} if command.code is None else {command.code}
    assert code in wanted, f"{command.block}: {command.text}\ncode {code}, not {wanted}\n{said}"
    assert "Traceback" not in said, f"{command.block}: {command.text}\n{said}"


def test_what_is_not_run_is_known() -> None:
    run = ("athanor ", "export ", *BY_SHELL)
    left = [
        f"{named(page)}: {one.text}"
        for page in PAGES
        for one in commands(page)
        if not one.text.startswith(run)
    ]
    assert left == SKIPPED


@pytest.mark.parametrize("page", [pytest.param(page, id=named(page)) for page in MARKDOWN])
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{named(page)}: {link}"
        assert not anchor or anchor in anchors(target), f"{named(page)}: {link}"


@pytest.mark.parametrize("page", [pytest.param(page, id=named(page)) for page in PAGES])
def test_every_file_and_module_that_is_named_exists(page: Path) -> None:
    text = page.read_text()
    house = r"(?:agent|adapters|campaigns|tests|tools)"
    for path in re.findall(rf"(?<![\w/.-]){house}/[\w/.*-]*\w", text):
        assert path in EXAMPLES or list(ROOT.glob(path)), f"{named(page)}: {path}"
    for name in re.findall(rf"`{house}(?:\.\w+)+`", text):
        assert name.strip("`") in EXAMPLES or _resolves(name.strip("`")), f"{named(page)}: {name}"


def _resolves(name: str) -> bool:
    """Whether a dotted name is a module, an entry-point group, or something in a module."""
    if (ROOT / name).exists() or (ROOT / f"{name.replace('.', '/')}.py").exists():
        return True
    if (ROOT / name.replace(".", "/")).is_dir():
        return True
    module, _, attribute = name.rpartition(".")
    return hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize("page", [pytest.param(page, id=named(page)) for page in MARKDOWN])
def test_no_page_names_a_private_machine(page: Path) -> None:
    assert not re.findall(r"(?<![\w.~])/(?:work|root|home|mnt|Users)\b[^\s`)]*", page.read_text())


def test_exit_codes_are_those_of_the_program() -> None:
    codes = {code.value for code in Exit}
    for page in PAGES:
        told = {int(n) for n in re.findall(r"\bcodes? (\d+)\b", page.read_text())}
        assert told <= codes, named(page)
    reference = (ROOT / "docs/reference/commands.md").read_text()
    assert {int(n) for n in re.findall(r"^\| (\d+) \|", reference, re.MULTILINE)} == codes
    epilog = str(cli.app.info.epilog)
    assert {int(n) for n in re.findall(r"\d+", epilog)} == codes


def test_the_guide_explains_every_key_and_every_policy() -> None:
    text = GUIDE.read_text()
    models: list[type[BaseModel]] = list(models_of(Campaign))
    keys = {name for model in models for name in model.model_fields} - MADE_BY_LOADER
    policies = get_args(Policy.model_fields["name"].annotation)
    assert not [word for word in (*keys, *policies) if not re.search(rf"\b{word}\b", text)]


def test_the_adapter_page_explains_every_verb_and_failure() -> None:
    text = (ROOT / "docs/adapters.md").read_text()
    verbs = [name for name in vars(Adapter) if not name.startswith("_") and name != "Settings"]
    assert len(verbs) == 9
    assert not [verb for verb in verbs if f"`{verb}(" not in text]
    assert not [kind for kind in get_args(FailureKind) if f"| `{kind}` |" not in text]
