"""The policy pack on what the program declares: real stack configs, Pulumi's mocks for the engine, and the pack in a
process of its own, which speaks pulumi-policy's protocol.

The inputs are those of the program's resources, so that a property with another name fails here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pulumi
import pytest
from pulumi.runtime import mocks
from pulumi.runtime import test as pulumi_test
from pulumi.runtime.config import set_all_config
from ruamel.yaml import YAML

from chaninfra.guard_rails.rules import RULES
from chaninfra.pulumi.backends.aws import function
from chaninfra.pulumi.program import program
from support.paths import ROOT
from support.pulumi.code_package_standin import code_package
from support.pulumi.guarded_stacks import (
    ACCOUNT,
    AWS,
    BAD,
    CI,
    GOOD,
    OPEN,
    OURS,
)
from support.pulumi.policy_pack import PACK, UNKNOWN, Declared, Found, Pack, running

# Of names that pulumi-aws itself imports.
pytestmark = [
    pytest.mark.filterwarnings("ignore::DeprecationWarning:pulumi_aws"),
    pytest.mark.usefixtures("event_loop_for_mocks"),
]


class Everything(mocks.Mocks):
    """Makes what it is asked for, with what AWS would answer."""

    def __init__(self) -> None:
        self.made: list[Declared] = []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        # Without Pulumi's own, which the engine keeps from policies, and without the file of the function's code.
        inputs = {
            key: value
            for key, value in args.inputs.items()
            if not key.startswith("__") and not isinstance(value, pulumi.Archive)
        }
        self.made.append(Declared(args.typ, args.name, inputs))
        made = args.inputs["bucket"] if args.typ == "aws:s3/bucket:Bucket" else args.name
        return made, {**args.inputs, "arn": _arn(args), "domainName": "d1.cloudfront.net", "access_key_id": "key-1"}

    def call(self, args: mocks.MockCallArgs) -> dict[str, Any]:
        return {**args.args, "arn": f"arn:aws:iam::{ACCOUNT}:user/me", "accountId": ACCOUNT, "id": "x"}


def _arn(args: mocks.MockResourceArgs) -> str:
    if args.typ == "aws:iam/openIdConnectProvider:OpenIdConnectProvider":
        return f"arn:aws:iam::{ACCOUNT}:oidc-provider/{args.inputs['url'].removeprefix('https://')}"
    return f"arn:aws:cloudfront::{ACCOUNT}:distribution/{args.name}"


@pytest.fixture(scope="module")
def pack() -> Iterator[Pack]:
    with running() as found:
        yield found


@pytest.fixture(autouse=True)
def _code_that_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function, "code_package", code_package)


@pytest.fixture(autouse=True)
def _no_config_left() -> Iterator[None]:
    yield
    set_all_config({}, [])


def declared(config: Mapping[str, Any]) -> list[Declared]:
    """The resources that the program declares for a stack config."""
    set_all_config(
        {
            key if ":" in key else f"chaninfra:{key}": value if isinstance(value, str) else json.dumps(value)
            for key, value in config.items()
        }
    )
    everything = Everything()
    mocks.set_mocks(everything, project="chaninfra", stack="test", preview=False)
    pulumi_test(program)()
    return everything.made


@pytest.mark.parametrize("case", GOOD)
def test_a_stack_that_keeps_the_rules_has_no_violation_with_mocks(pack: Pack, case: str) -> None:
    config, allowed = GOOD[case]
    assert pack.found(declared({key: value for key, value in config.items() if value is not None}), allowed) == set()


@pytest.mark.parametrize("case", BAD)
def test_a_violation_names_the_key_that_fixes_it_with_mocks(pack: Pack, case: str) -> None:
    config, allowed, expected = BAD[case]
    said = pack.found(declared(config), allowed)
    for found in said:
        assert found.level == ("advisory" if found.policy == "repository-ids" else "mandatory"), found
        assert any(_is(found, *each) for each in expected), found
    for each in expected:
        assert any(_is(found, *each) for found in said), (each, said)


def _is(found: Found, policy: str, resource: str, words: str) -> bool:
    return found.policy == policy and found.message.startswith(f"{resource}: ") and words in found.message


def test_there_is_a_bad_config_for_each_rule() -> None:
    assert {policy for _, _, expected in BAD.values() for policy, _, _ in expected} == {rule.name for rule in RULES}


def test_a_role_whose_trust_is_not_known_yet_is_left_for_the_update_with_mocks(pack: Pack) -> None:
    made = declared({**AWS, "publishers": {"ci": CI}})
    unknown = [
        Declared(type_, name, {**inputs, "assumeRolePolicy": UNKNOWN} if type_ == "aws:iam/role:Role" else inputs)
        for type_, name, inputs in made
    ]
    said = pack.found(unknown, {})
    assert {(found.policy, found.level) for found in said} == {
        ("foreign-principals", "advisory"),
        ("oidc-subjects", "advisory"),
        ("repository-ids", "advisory"),
    }
    assert all("assumeRolePolicy can't be known during preview" in found.message for found in said)


def test_a_block_that_stands_needs_no_name_of_the_bucket_with_mocks(pack: Pack) -> None:
    unknown = [
        Declared(
            type_,
            name,
            {**inputs, "bucket": UNKNOWN} if type_ != "aws:s3/bucket:Bucket" and "bucket" in inputs else inputs,
        )
        for type_, name, inputs in declared({**AWS, "readers": {"all": {"arn": ACCOUNT}}})
    ]
    assert pack.found(unknown, OPEN) == set()


def test_the_pack_says_what_it_holds(pack: Pack) -> None:
    policies = pack.info().policies
    assert [each.name for each in policies] == [rule.name for rule in RULES]
    assert {each.name: set(each.configSchema.properties) for each in policies} == {
        rule.name: set(rule.config) for rule in RULES
    }


def test_the_packs_example_of_a_config_has_keys_of_the_rules_only() -> None:
    text = (PACK / "policy-config.json").read_text()
    assert text in (PACK / "README.md").read_text()
    example = json.loads(text)
    known: dict[str, set[str]] = {rule.name: {"enforcementLevel", *rule.config} for rule in RULES}
    assert set(example) <= {"all", *known}
    assert all(set(keys) <= known[name] for name, keys in example.items() if name != "all")


def test_the_example_stacks_break_the_rules_that_they_are_about_with_mocks(pack: Pack) -> None:
    broken = {}
    for path in sorted(ROOT.glob("Pulumi.*.yaml")):
        config = YAML(typ="safe").load(path.read_text())["config"]
        broken[path.stem.removeprefix("Pulumi.")] = {found.policy for found in pack.found(declared(config), OURS)}
    assert broken == {
        "adopted": set(),
        "aws-access": {"foreign-principals"},
        "aws-cdn": {"public-channels"},
        "aws-private": set(),
        "aws-public": {"public-channels"},
        "minio": {"undeclared-settings"},
        "minio-keys": {"undeclared-settings"},
        "r2": {"public-channels", "undeclared-settings"},
        "two-channels": {"undeclared-settings"},
    }
