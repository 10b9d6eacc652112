"""docs/promotion.md: its stack files are valid, and the two sides belong together."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chaninfra.channel.policy.documents import documents
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.role_names import role_name
from chaninfra.channel.spec.stack_file import read_stack_file
from support.paths import ROOT

PAGE = (ROOT / "docs" / "promotion.md").read_text("utf-8")
NAMES = ("staging", "production", "staging-elsewhere", "one-bucket", "minio")


@pytest.fixture
def stacks(tmp_path: Path) -> dict[str, StackSpec]:
    blocks = re.findall(r"```yaml\n(config:.*?)```", PAGE, re.DOTALL)
    made = {}
    for name, block in zip(NAMES, blocks, strict=True):
        file = tmp_path / f"Pulumi.{name}.yaml"
        file.write_text(block, "utf-8")
        made[name] = read_stack_file(file)
    return made


def test_production_promotes_from_staging_and_nobody_publishes_there(stacks: dict[str, StackSpec]) -> None:
    (staging,) = stacks["staging"].channels
    for name in ("production", "minio"):
        (production,) = stacks[name].channels
        assert [each.role for each in production.principals] == ["promoter"]
        (source,) = production.principals[0].sources
        assert (source.bucket, source.prefix) == (stacks["staging"].bucket.name, staging.prefix)


def test_the_staging_of_another_account_names_the_role_that_production_makes(stacks: dict[str, StackSpec]) -> None:
    (production,) = stacks["production"].channels
    (promoter,) = production.principals
    readers = [each.arn for each in stacks["staging-elsewhere"].channels[0].principals if each.role == "reader"]
    name = role_name(stacks["production"].bucket.name, production.prefix, promoter)
    assert [arn.rpartition("/")[2] for arn in readers if arn] == [name]


def test_in_one_bucket_the_policy_of_the_bucket_lets_the_promoter_read_the_source(stacks: dict[str, StackSpec]) -> None:
    made = documents(stacks["one-bucket"], account="123456789012")["bucket-policy"]["Statement"]
    (read,) = [each for each in made if each["Sid"].endswith("ReadSources")]
    assert read["Resource"] == ["arn:aws:s3:::acme-packages/nightly/*"]
    assert read["Principal"] == {"AWS": "arn:aws:iam::123456789012:role/release"}
