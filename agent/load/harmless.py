"""`declared`: a file of harmless settings -> what may be done to test an adapter."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import ValidationError

from agent.core.harmless import Declaration
from agent.errors import CampaignError
from agent.load import reading, settings, shape
from agent.load.settings import Place, SettingsModels

_START = "`execution:`, or from the file that `athanor adapter new` makes"


def declared(
    path: str | Path, settings_models: SettingsModels, environ: Mapping[str, str] | None = None
) -> Declaration:
    """What a file says of how an adapter may be tested, with absolute paths.

    Args:
        path: The YAML file.
        settings_models: Adapter name -> the model of its settings; the adapters that there are.
        environ: Where `${NAME}` in file paths is looked up; default: the process's environment.

    Raises:
        CampaignError: it cannot be used; `faults` lists everything that is wrong with it.
    """
    file = Path(path)
    try:
        document, findings = reading.document(file, _START)
    except CampaignError as error:
        raise CampaignError(f"{file} declares nothing", error.message, error.faults) from error
    for key in document.data:
        if key not in Declaration.model_fields:
            findings.unknown((key,), key, Declaration.model_fields)
    known = {key: document.data[key] for key in document.data if key in Declaration.model_fields}
    found: Declaration | None = None
    try:
        found = Declaration.model_validate(known)
    except ValidationError as error:
        shape.note_all(findings, (), error, Declaration)
    if found is not None:
        place = Place(file.resolve().parent, os.environ if environ is None else environ)
        at = ("execution",)
        resolved = settings.resolved(findings, found.execution, settings_models, place, at)
        found = found.model_copy(update={"execution": resolved})
    if found is None or findings.faults:
        faults = findings.faults
        told = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise CampaignError(f"{file} cannot be used: {told}", faults=faults)
    return found
