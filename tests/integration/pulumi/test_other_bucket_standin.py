"""Changes that mean another bucket on AWS, by the real engine on the stand-in for the AWS provider over moto."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from support.channels import channels
from support.pulumi.stacks import Ran, Stack
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

ELSEWHERE = "us-west-2"
PACKAGE = "main/linux-64/tool-1.0-0.conda"


def settings(aws: Server, bucket: str) -> dict[str, Any]:
    """The settings of the bucket, where it is, and its objects."""
    client = aws.client()

    def answer(call: str, key: str) -> Any:
        return getattr(client, call)(Bucket=bucket)[key]

    return {
        "region": answer("get_bucket_location", "LocationConstraint"),
        "versioning": answer("get_bucket_versioning", "Status"),
        "encryption": answer("get_bucket_encryption", "ServerSideEncryptionConfiguration"),
        "block": answer("get_public_access_block", "PublicAccessBlockConfiguration"),
        "ownership": answer("get_bucket_ownership_controls", "OwnershipControls"),
        "lifecycle": [rule["ID"] for rule in answer("get_bucket_lifecycle_configuration", "Rules")],
        "objects": set(channels.etags(aws, bucket)),
    }


def assert_refused(stack: Stack, aws: Server, bucket: str, *words: str) -> None:
    """Checks that `up` fails with these words, and that nothing is changed."""
    before, resources = settings(aws, bucket), stack.resources()
    _says(stack.up(), words)
    assert settings(aws, bucket) == before
    assert stack.resources() == resources


def _says(ran: Ran, words: tuple[str, ...]) -> None:
    assert ran.code != 0, ran
    for word in words:
        assert word in ran.output, ran
    assert "Traceback" not in ran.output, ran


def test_a_region_is_not_changed_while_packages_are_there_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack
) -> None:
    assert stack.up().code == 0
    aws.client().put_object(Bucket=bucket_name, Key=PACKAGE, Body=b"a package")
    refusal = ("key region", "1 package in", f"which is in {aws.region}", ELSEWHERE, "force-destroy")

    stack.config(region=ELSEWHERE)
    _says(stack.preview(), refusal)
    assert_refused(stack, aws, bucket_name, *refusal)
    # Not with a force that is not in the state yet either.
    stack.config(force_destroy=True)
    assert_refused(stack, aws, bucket_name, *refusal)
    # The same without the key: by the provider's config, and by the environment alone.
    stack.config(region=None, force_destroy=None, **{"aws:region": ELSEWHERE})
    assert_refused(stack, aws, bucket_name, *refusal)
    stack.config(**{"aws:region": None})
    stack.environment["AWS_REGION"] = ELSEWHERE
    assert_refused(stack, aws, bucket_name, *refusal)

    # Where the region is said may change, by the provider that Pulumi uses too.
    for environment, keys in (
        ({"AWS_REGION": aws.region}, {}),
        ({}, {"aws:region": aws.region}),
        ({}, {"aws:region": None, "region": aws.region}),
    ):
        stack.environment.pop("AWS_REGION", None)
        stack.environment.update(environment)
        stack.config(**keys)
        before, resources = settings(aws, bucket_name), set(stack.resources())
        ran = stack.up()
        assert ran.code == 0, ran
        assert not {"replaced", "deleted", "created"} & set(ran.done), ran
        assert settings(aws, bucket_name) == before
        assert set(stack.resources()) == resources

    # With force in the state the packages may go.
    stack.config(force_destroy=True)
    assert stack.up().code == 0
    stack.config(region=ELSEWHERE)
    _is_in_its_new_region(stack, replace(aws, region=ELSEWHERE), bucket_name)
    assert PACKAGE not in channels.etags(aws, bucket_name)


def test_the_region_of_an_empty_channel_may_change_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack
) -> None:
    assert stack.up().code == 0
    client = aws.client()
    # Something of others is not lost either, nor the old versions of packages.
    client.put_object(Bucket=bucket_name, Key="notes.txt", Body=b"of somebody")
    stack.config(region=ELSEWHERE)
    assert_refused(stack, aws, bucket_name, "1 object that chaninfra did not make", "notes.txt")
    for page in client.list_object_versions(Bucket=bucket_name, Prefix="notes.txt")["Versions"]:
        client.delete_object(Bucket=bucket_name, Key="notes.txt", VersionId=page["VersionId"])
    client.put_object(Bucket=bucket_name, Key=PACKAGE, Body=b"a package")
    client.delete_object(Bucket=bucket_name, Key=PACKAGE)
    assert_refused(stack, aws, bucket_name, "1 package")
    found = client.list_object_versions(Bucket=bucket_name, Prefix=PACKAGE)
    for one in [*found["Versions"], *found["DeleteMarkers"]]:
        client.delete_object(Bucket=bucket_name, Key=PACKAGE, VersionId=one["VersionId"])
    before = settings(aws, bucket_name)

    _is_in_its_new_region(stack, replace(aws, region=ELSEWHERE), bucket_name)
    assert settings(aws, bucket_name) == {**before, "region": ELSEWHERE}
    # And back.
    stack.config(region=aws.region)
    _is_in_its_new_region(stack, aws, bucket_name)
    assert settings(aws, bucket_name) == before


def _is_in_its_new_region(stack: Stack, there: Server, bucket: str) -> None:
    ran = stack.up()
    assert ran.code == 0, ran
    found = settings(there, bucket)
    assert (found["region"], found["versioning"]) == (there.region, "Enabled")
    assert found["lifecycle"] == ["old-versions", "open-uploads"]
    assert stack.outputs()["channels"]["main"]["region"] == there.region
    assert "main/channel.json" in found["objects"]
    assert "main/noarch/repodata.json" in found["objects"]
    assert stack.up().done == {}
    assert stack.refresh().done == {}
