"""The loader, reading what a test wrote."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.load import Resolved, read
from agent.load.computed import Models
from tests.load.files import MODELS, Load


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """Reads a text, or a document, as a campaign file in `tmp_path`."""

    def from_text(
        content: str | bytes | dict[str, Any], models: Models | None = None, **environ: str
    ) -> Resolved:
        file = tmp_path / "campaign.yaml"
        if isinstance(content, dict):
            content = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read(file, MODELS, environ, models)

    return from_text
