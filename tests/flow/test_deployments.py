"""`prefect.yaml` against Prefect's own models, and against what each kind of work pool takes."""

import importlib
import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.cli.deploy._models import DeploymentConfig, PrefectYamlModel, RawScheduleConfig
from prefect.utilities.schema_tools import validate

ROOT = Path(__file__).parent.parent.parent
FILE = yaml.safe_load((ROOT / "prefect.yaml").read_text())
MODEL = PrefectYamlModel.model_validate(FILE)
POOLS = {"athanor": "process", "athanor-docker": "docker", "athanor-kubernetes": "kubernetes"}
FIELDS = set(DeploymentConfig.model_fields)

each = pytest.mark.parametrize("one", MODEL.deployments, ids=lambda one: one.name)


def templates() -> dict[str, Any]:
    """Type of work pool -> the variables of its base job template, as the server is delivered with them."""
    views = files("prefect.server.api") / "collections_data" / "views"
    packages = json.loads((views / "aggregate-worker-metadata.json").read_text())
    kinds = {kind: one for package in packages.values() for kind, one in package.items()}
    return {kind: kinds[kind]["default_base_job_configuration"]["variables"] for kind in kinds}


def test_there_is_one_for_each_kind_of_pool():
    used = {one.work_pool.name for one in MODEL.deployments}
    assert used == set(POOLS)


def test_no_key_is_one_that_prefect_passes_over():
    assert FILE.keys() - {"definitions"} <= set(PrefectYamlModel.model_fields)
    for given in FILE["deployments"]:
        assert given.keys() <= FIELDS, given["name"]


@each
def test_its_job_variables_are_those_of_its_pool(one):
    schema = templates()[POOLS[one.work_pool.name]]
    given = one.work_pool.job_variables
    assert given.keys() <= schema["properties"].keys()
    validate(given, schema, raise_on_error=True, preprocess=True, ignore_required=True)


@pytest.mark.parametrize("wrong", [{"image_pull_policy": "Sometimes"}, {"networks": "athanor"}])
def test_a_wrong_job_variable_would_be_seen(wrong):
    schema = templates()["docker"]
    with pytest.raises(Exception, match="Validation failed"):
        validate(wrong, schema, raise_on_error=True, preprocess=True, ignore_required=True)


@each
def test_its_flow_takes_its_parameters(one):
    module, _, name = one.entrypoint.rpartition(".")
    flow = getattr(importlib.import_module(module), name)
    assert one.parameters.keys() <= flow.parameters.properties.keys()
    required = {"name"} if flow.name == "campaign" else set()
    assert set(flow.parameters.required or []) == required


def test_the_scheduled_one_needs_nobody_to_say_anything():
    (one,) = [deployment for deployment in MODEL.deployments if deployment.schedules]
    (schedule,) = one.schedules
    assert isinstance(schedule, RawScheduleConfig)
    assert schedule.interval.total_seconds() == 300
    assert one.entrypoint == "agent.flow.advance"


def test_nothing_secret_is_in_it():
    text = (ROOT / "prefect.yaml").read_text()
    assert "@" in text
    for one in MODEL.deployments:
        url = one.work_pool.job_variables["env"].get("ATHANOR_STORE", "")
        assert ":" not in url.partition("://")[2].partition("@")[0]
