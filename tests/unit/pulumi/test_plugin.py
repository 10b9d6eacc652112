"""What the plugin gives the components from the inputs of another language."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pulumi.errors import InputPropertyError

from chaninfra.pulumi.plugin import Host, provider


@pytest.fixture(scope="module")
def host() -> Host:
    return provider()


def test_its_schema_spells_every_argument_in_camel_case(host: Host) -> None:
    schema: dict[str, Any] = json.loads(host.schema)
    resources = {name.rpartition(":")[2]: each for name, each in schema["resources"].items()}
    assert set(resources) == {"CondaChannel", "ChannelBucket", "Publisher", "Reader"}
    assert {"endpointUrl", "oldVersionsDays", "publicUrl"} <= set(resources["CondaChannel"]["inputProperties"])
    assert "accessKeyId" not in resources["CondaChannel"]["inputProperties"]
    assert {"descriptor", "access", "keys", "url", "publicUrl"} == set(resources["CondaChannel"]["properties"])
    arn = schema["types"]["chaninfra:index:PrincipalArgs"]["properties"]["arn"]
    assert "plain" not in arn
    for each in [*schema["types"].values(), *({"properties": r["inputProperties"]} for r in resources.values())]:
        assert all(prop["description"] for prop in each["properties"].values())


def test_names_of_people_are_no_arguments(host: Host) -> None:
    inputs = {"bucket": "b", "oldVersionsDays": 3.0, "publishers": {"ciJob": {"key": {}}}, "tags": {"costCenter": "7"}}
    mapped = host.map_inputs(inputs, host._component_defs["CondaChannel"])
    assert mapped == {
        "bucket": "b",
        "old_versions_days": 3,
        "publishers": {"ciJob": {"key": {}}},
        "tags": {"costCenter": "7"},
    }


@pytest.mark.parametrize("inputs", [{"aws": object()}, {"publishers": {"ci": {"github": object()}}}])
def test_a_block_that_is_an_output_is_not_taken_for_nothing(host: Host, inputs: dict[str, Any]) -> None:
    with pytest.raises(InputPropertyError, match="output as a whole") as caught:
        host.map_inputs({"bucket": "b", **inputs}, host._component_defs["CondaChannel"])
    assert caught.value.property_path.rpartition(".")[2] in ("aws", "github")
