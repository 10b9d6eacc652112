"""How the plugin translates inputs and errors between the components and programs in other languages."""

from __future__ import annotations

import json
from typing import Any

import pulumi
import pytest
from pulumi.errors import InputPropertiesError, InputPropertyError

from chaninfra.pulumi.plugin import Host, provider
from support.pulumi.mocks import Echo


@pytest.fixture(scope="module")
def host() -> Host:
    return provider()


def test_the_schema_spells_arguments_in_camel_case(host: Host) -> None:
    schema: dict[str, Any] = json.loads(host.schema)
    resources = {name.rpartition(":")[2]: each for name, each in schema["resources"].items()}
    assert set(resources) == {"CondaChannel", "ChannelBucket", "Publisher", "Reader"}
    assert {"endpointUrl", "oldVersionsDays", "publicUrl"} <= set(resources["CondaChannel"]["inputProperties"])
    assert "accessKeyId" not in resources["CondaChannel"]["inputProperties"]
    assert {"descriptor", "access", "keys", "url", "publicUrl", "pageUrl"} == set(
        resources["CondaChannel"]["properties"]
    )
    arn = schema["types"]["chaninfra:index:PrincipalArgs"]["properties"]["arn"]
    assert "plain" not in arn
    for each in [*schema["types"].values(), *({"properties": r["inputProperties"]} for r in resources.values())]:
        assert all(prop["description"] for prop in each["properties"].values())


def test_the_schema_describes_each_output_by_its_own_words(host: Host) -> None:
    resources = json.loads(host.schema or "")["resources"]
    said = {
        name.rpartition(":")[2]: {key: prop.get("description") for key, prop in each["properties"].items()}
        for name, each in resources.items()
    }
    for name, outputs in said.items():
        assert all(outputs.values()), name
        assert len({*outputs.values()}) == len(outputs), name
    assert said["ChannelBucket"]["descriptors"] == "Channel name → its descriptor."
    assert said["Publisher"]["roleArn"] == said["Reader"]["roleArn"]
    assert said["Publisher"]["roleArn"].startswith("On AWS: the ARN of the role")


def test_names_that_users_chose_keep_their_spelling(host: Host) -> None:
    inputs = {"bucket": "b", "oldVersionsDays": 3.0, "publishers": {"ciJob": {"key": {}}}, "tags": {"costCenter": "7"}}
    mapped = host.map_inputs(inputs, host._component_defs["CondaChannel"])
    assert mapped == {
        "bucket": "b",
        "old_versions_days": 3,
        "publishers": {"ciJob": {"key": {}}},
        "tags": {"costCenter": "7"},
    }


@pytest.mark.parametrize("inputs", [{"aws": object()}, {"publishers": {"ci": {"github": object()}}}])
def test_an_output_in_place_of_a_block_is_an_error(host: Host, inputs: dict[str, Any]) -> None:
    with pytest.raises(InputPropertyError, match="must be a block of plain values") as caught:
        host.map_inputs({"bucket": "b", **inputs}, host._component_defs["CondaChannel"])
    assert caught.value.property_path.rpartition(".")[2] in ("aws", "github")


def test_an_error_spells_keys_in_camel_case(host: Host) -> None:
    pulumi.runtime.set_mocks(Echo())
    inputs = {"provider": "minio", "endpointUrl": "https://minio.example.com", "bucket": "my-bucket"}
    with pytest.raises(InputPropertiesError, match="CondaChannel 'packages', key oldVersionsDays"):
        host.construct("packages", "chaninfra:index:CondaChannel", {**inputs, "oldVersionsDays": -1.0})
