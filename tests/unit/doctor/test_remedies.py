"""Remedies: the command lines that the doctor prints."""

from __future__ import annotations

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.outputs.descriptor import DescribedIndex
from chaninfra.doctor.remedies import Remedies
from support.channels.channels import descriptor

S3 = Remedies(source="s3", channel="s3://b-b/c", flags={"--endpoint-url": "https://a b", "--force-path-style": "true"})
STACK = Remedies(source="stack", channel="stack:prod#c", stack="prod")


def test_a_command_repeats_the_channel_and_the_flags() -> None:
    flags = "--endpoint-url 'https://a b' --force-path-style=true"
    assert S3.command("reindex", "--force") == f"chaninfra reindex s3://b-b/c --force {flags}"
    assert S3.command("yank", "hello") == f"chaninfra yank -c s3://b-b/c hello {flags}"
    assert Remedies(source="stack").command("gc") == "chaninfra gc"


def test_a_setting_is_changed_where_it_was_made() -> None:
    flag = "chaninfra doctor s3://b-b/c --endpoint-url 'https://a b' --force-path-style=false"
    assert S3.store_setting("force-path-style", "false", stored=True) == flag
    assert S3.store_setting("region", "eu-1", stored=False).endswith("--region eu-1")
    assert "set `region` to eu-1 in its stack config" in S3.store_setting("region", "eu-1", stored=True)
    up = "pulumi up --stack prod"
    assert STACK.store_setting("region", "eu-1", stored=False) == f"pulumi config set region eu-1 --stack prod && {up}"
    assert STACK.pulumi_up() == up


def test_a_missing_channel_json_is_created_with_the_whole_location() -> None:
    flags = "--endpoint-url https://minio.example.com --force-path-style=true --provider minio --region us-east-1"
    assert S3.create(descriptor()) == f"chaninfra init s3://b-b/c {flags}"
    assert STACK.create(descriptor()) == "pulumi up --stack prod"
    assert Remedies(source="descriptor", channel="a.json").create(descriptor()) == "chaninfra init a.json"


def test_a_single_writer_is_declared_by_a_command_if_init_has_flags_for_the_rest() -> None:
    index = DescribedIndex(conditional_writes=ConditionalWrites(create=False, replace=False, multipart=False))
    single = S3.single_writer(descriptor(index=index))
    assert single.startswith("chaninfra init s3://b-b/c --subdir linux-64 --subdir osx-arm64 --name my-channel ")
    assert "--writers single" in single
    assert "pulumi up" in S3.single_writer(descriptor(index=DescribedIndex(compression_level=3)))
    assert "pulumi up" in STACK.single_writer(descriptor())
