"""Figures in documents are quoted, not written."""

import json

import pytest

from tools.results import DOCS, documents, filled

FILES = sorted((DOCS / "results").glob("*.json"))


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_document_says_what_the_results_say(path):
    assert path.read_text() == filled(path.read_text()), "run python tools/results.py"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_results_file_has_its_form(path):
    result = json.loads(path.read_text())
    assert set(result) - {"story"} == {"command", "commit", "versions", "machine", "figures"}
    assert result["figures"]
    for figure in result["figures"]:
        assert set(figure) == {"name", "value", "low", "high"}
        assert figure["low"] <= figure["value"] <= figure["high"]
    names = [figure["name"] for figure in result["figures"]]
    assert len(set(names)) == len(names)
