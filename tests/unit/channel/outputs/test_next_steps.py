"""The instructions of `next-steps`: for which stacks there are any, and that they are complete."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import msgspec
import pytest

from chaninfra.channel.outputs.next_steps import NextStep, next_steps
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import AT_ADMIN_URL, Provider
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from support.cases.store_cases import NEEDED, PUBLIC

KEY: dict[str, Any] = {"key": {}}
GITHUB = {"github": {"repository": "acme/packages", "branch": "main", "owner-id": "1", "repository-id": "2"}}
GITLAB = {"gitlab": {"project": "acme/packages", "branch": "main"}}
FILE = "Pulumi.prod.yaml"


def stack(provider: str, **keys: Any) -> StackSpec:
    raw = {"provider": provider, "bucket": "my-bucket", "prefix": "main", **NEEDED[provider], **keys}
    return build_spec(raw, where="stack.yaml", default_region="eu-central-1")


def steps(provider: str, **keys: Any) -> list[NextStep]:
    return next_steps(stack(provider, **keys), stack_file=FILE)


def public(provider: str) -> dict[str, str]:
    own = {} if PUBLIC[provider] else {"public-url": "https://conda.example.com/main"}
    return {"visibility": "public", **own}


def principals(row: Provider, kind: dict[str, Any]) -> dict[str, Any]:
    return {"publishers": {"ci": kind}, "readers": {"team": kind}, "maintainers": {"ops": kind}}


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_private_channel_without_principals_has_no_steps(name: str) -> None:
    assert steps(name) == []


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_public_channel_has_a_step_if_the_store_needs_one(name: str) -> None:
    found = steps(name, **public(name))
    if PROVIDERS[name].public.value != "by-hand":
        assert found == []
        return
    (step,) = found
    assert "my-bucket" in " ".join(step.steps)
    (check,) = step.checks
    assert check.kind == "public-read"
    assert check.target == f"{PUBLIC[name] or 'https://conda.example.com/main'}/noarch/repodata_shards.msgpack.zst"


BY_HAND = [name for name, row in PROVIDERS.items() if row.keys.value in {"by-hand", *AT_ADMIN_URL}]


@pytest.mark.parametrize("name", BY_HAND)
def test_access_keys_by_hand_have_a_step_each_with_their_own_permissions(name: str) -> None:
    found = steps(name, **principals(PROVIDERS[name], KEY))
    assert [step.checks[0].target for step in found] == ["publisher/main/ci", "reader/main/team", "maintainer/main/ops"]
    assert {check.kind for step in found for check in step.checks} == {"key"}
    said = ["\n".join(step.steps) for step in found]
    assert all("my-bucket" in text for text in said)
    if all("chaninfra policy" in text for text in said):
        targets = [step.checks[0].target for step in found]
        assert all(f"chaninfra policy {who}/rights" in text for who, text in zip(targets, said, strict=True))
    elif name == "hetzner":
        # Hetzner has only one kind of access key.
        assert all("read and write every bucket" in text for text in said)
    elif name == "localstack":
        assert all("LocalStack asks for none" in text for text in said)
    else:
        assert said[0].replace("publisher-ci", "") != said[1].replace("reader-team", "")


@pytest.mark.parametrize("name", BY_HAND)
def test_a_key_by_hand_of_a_promoter_says_what_else_it_reads(name: str) -> None:
    (plain,) = steps(name, promoters={"release": KEY})
    (near,) = steps(name, promoters={"release": {**KEY, "from": ["s3://my-bucket/nightly"]}})
    (far,) = steps(name, promoters={"release": {**KEY, "from": ["s3://my-bucket/nightly", "s3://staging/main"]}})
    assert plain.checks[0].target == near.checks[0].target == far.checks[0].target == "promoter/main/release"
    assert len(plain.steps) == len(near.steps) == len(far.steps) - 1
    assert far.steps[-1].startswith("the same key must be able to read s3://staging/main; if the store")
    assert "--from-access-key-id" in far.steps[-1]


@pytest.mark.parametrize("name", ["minio", "versitygw"])
def test_access_keys_that_the_stack_makes_have_no_step(name: str) -> None:
    assert steps(name, **principals(PROVIDERS[name], KEY)) == []


def test_a_store_with_an_admin_api_at_a_url_of_its_own_has_steps_without_the_url() -> None:
    given = principals(PROVIDERS["garage"], KEY)
    assert {step.why for step in steps("garage", **given)} == {
        "chaninfra cannot create access keys on Garage without `admin-url` in the stack config"
    }
    assert steps("garage", **given, **{"admin-url": "http://127.0.0.1:3903"}) == []


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("prefix", ["main", ""])
def test_no_step_has_an_unfilled_variable(name: str, prefix: str) -> None:
    row = PROVIDERS[name]
    kinds = [KEY] if row.keys.value != "aws-iam" else []
    kinds += [GITHUB, GITLAB] if row.oidc.value != "none" else []
    for kind in kinds:
        for step in steps(name, prefix=prefix, **public(name), **principals(row, kind)):
            assert all((step.title, step.why, step.steps, step.checks))
            text = json.dumps(msgspec.to_builtins(step))
            assert not re.search(r"{[a-z-]+}|\[ |None", text)


def test_steps_survive_a_round_trip() -> None:
    found = steps("r2", **public("r2"), publishers={"ci": KEY})
    assert len(found) == 2
    assert msgspec.convert(msgspec.to_builtins(found), list[NextStep]) == found


def test_an_access_key_of_b2_is_limited_to_its_channel() -> None:
    (made,) = steps("b2", publishers={"ci": KEY})
    words = shlex.split(made.steps[0])
    assert words[:3] == ["b2", "key", "create"]
    assert words[words.index("--name-prefix") + 1] == "main/"
    assert "deleteFiles" not in words[-1]
    (whole,) = steps("b2", prefix="", maintainers={"ops": KEY})
    assert "--name-prefix" not in whole.steps[0]
    assert "deleteFiles" in whole.steps[0]


def test_minio_gets_settings_per_audience_with_the_policies_of_all_its_principals() -> None:
    found = steps(
        "minio",
        publishers={"ci": GITHUB, "lab": GITLAB},
        readers={"team": {"github": {**GITHUB["github"], "branch": "dev"}}},
    )
    assert [step.title.split(" of ")[1].split(" for ")[0] for step in found] == [
        "gitlab.com",
        "token.actions.githubusercontent.com",
    ]
    words = shlex.split(found[1].steps[0])
    assert words[:5] == ["mc", "idp", "openid", "add", "ALIAS"]
    settings = dict(word.split("=", 1) for word in words[6:])
    assert settings == {
        "config_url": "https://token.actions.githubusercontent.com/.well-known/openid-configuration",
        "client_id": "sts.amazonaws.com",
        "client_secret": "unused",
        "role_policy": "my-bucket-main-publisher-ci,my-bucket-main-reader-team",
    }
    assert [check.target for check in found[1].checks] == ["publisher/main/ci", "reader/main/team"]


def test_versitygw_gets_a_role_per_principal() -> None:
    (found,) = steps("versitygw", publishers={"ci": GITHUB}, readers={"team": GITHUB})
    text = "\n".join(found.steps)
    assert text.count("create-open-id-connect-provider") == 1
    for name in ("my-bucket-main-publisher-ci", "my-bucket-main-reader-team"):
        assert f"create-role --role-name {name} " in text
        assert f"put-role-policy --role-name {name} " in text
    assert f"chaninfra policy publisher/main/ci/trust --config {FILE} --account 000000000000" in text


def test_values_of_the_config_are_quoted_in_commands() -> None:
    oidc = {"oidc": {"issuer": "https://idp.example.com/", "audience": 'a" b; rm -rf $HOME', "subject": "s"}}
    for name in ("minio", "versitygw"):
        (found,) = steps(name, publishers={"ci": oidc})
        words = shlex.split(found.steps[0])
        assert any(word.endswith('a" b; rm -rf $HOME') for word in words)
    assert "config_url=https://idp.example.com/.well-known/openid-configuration" in shlex.split(
        steps("minio", publishers={"ci": oidc})[0].steps[0]
    )


def test_a_kms_key_has_a_step_for_its_key_policy() -> None:
    arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
    aws = {"kms-key-arn": arn}
    (found,) = steps("aws", aws=aws, readers={"team": {"arn": "210987654321"}})
    assert found.steps[0] == f"chaninfra policy kms-key-policy --config {FILE}"


FOLLOW: dict[str, Any] = {"index": {"follow": {}}}
EVENTS = {
    "minio": "MINIO_NOTIFY_WEBHOOK_AUTH_TOKEN_chaninfra=SECRET",
    "ceph": "--attributes push-endpoint=http://chaninfra:SECRET@127.0.0.1:8765/",
    "seaweedfs": 'bearer_token = "SECRET"',
    "versitygw": "VGW_EVENT_WEBHOOK_URL=http://chaninfra:SECRET@127.0.0.1:8765/",
    "rustfs": "RUSTFS_NOTIFY_WEBHOOK_AUTH_TOKEN_chaninfra=SECRET",
}
TARGETS = {
    "minio": "arn:minio:sqs::chaninfra:webhook",
    "ceph": "arn:aws:sns:default::chaninfra",
    "rustfs": "arn:rustfs:sqs:us-east-1:chaninfra:webhook",
}


def follower(step: NextStep) -> list[str]:
    """The words of the command that follows."""
    (line,) = (line for line in step.steps if line.startswith("chaninfra follow "))
    return shlex.split(line)


@pytest.mark.parametrize("name", PROVIDERS)
def test_a_channel_that_follows_has_the_commands_for_its_store(name: str) -> None:
    found = steps(name, **FOLLOW)
    if name == "aws":
        assert found == []
        return
    (step,) = found
    text = "\n".join(step.steps)
    words = follower(step)
    location = stack(name).bucket.location
    assert words[2:9] == [
        "s3://my-bucket/main", "--provider", name, "--endpoint-url", location.endpoint_url, "--region", location.region
    ]  # fmt: skip
    if name not in EVENTS:
        assert words[9:] == ["--every", "30s"]
        assert "openssl" not in text
        return
    assert words[9:13] == ["--listen", "127.0.0.1:8765", "--secret-file", "follow-secret"]
    assert words[13:] == (["--every", "10m"] if name == "versitygw" else [])
    assert "(umask 077; openssl rand -hex 32 > follow-secret)" in text
    assert EVENTS[name] in text
    arn = TARGETS.get(name)
    assert (f"in {FILE}, in `index.follow` of the channel main, set `target: {arn}`" in text) == (arn is not None)
    assert ("target" in text) == (arn is not None)


def test_a_target_that_is_set_is_not_asked_for_again_and_its_name_is_in_the_settings() -> None:
    (step,) = steps("minio", index={"follow": {"target": "arn:minio:sqs::Mine_1:webhook"}})
    assert "MINIO_NOTIFY_WEBHOOK_ENABLE_Mine_1=on" in step.steps
    assert "pulumi up" not in "\n".join(step.steps)


def test_a_target_of_a_store_that_is_not_known_gets_a_follower_that_listens() -> None:
    (step,) = steps("custom", index={"follow": {"target": "arn:rustfs:sqs:us-east-1:primary:webhook"}})
    assert follower(step)[-4:] == ["--listen", "127.0.0.1:8765", "--secret-file", "follow-secret"]
    assert "let the target primary send to http://127.0.0.1:8765/, with SECRET as the bearer token" in step.steps


@pytest.mark.parametrize("name", EVENTS)
def test_each_follower_of_several_channels_has_its_own_port_and_target(name: str) -> None:
    channels: dict[str, Any] = {
        "a": {"prefix": "a-b/c", **FOLLOW},
        "b": {"prefix": "b"},
        "c": {"prefix": "c", **FOLLOW},
    }
    raw = {"provider": name, "bucket": "my-bucket", "channels": channels, **NEEDED[name]}
    one, two = next_steps(build_spec(raw, where="stack.yaml"), stack_file=FILE)
    text, other = "\n".join(one.steps), "\n".join(two.steps)
    assert "127.0.0.1:8765" in text
    if PROVIDERS[name].can("notifications"):
        assert "chaninfra_a_b_c" in text
        assert "chaninfra_c" in other
        assert "127.0.0.1:8766/" in other
        assert "8765" not in other
        assert "follow-secret-1" in follower(two)
    else:
        # The server has one URL for all its events.
        assert follower(two)[-2:] == ["--every", "30s"]
        assert "openssl" not in other


def test_a_way_of_addressing_that_is_not_the_stores_is_in_the_command() -> None:
    (step,) = steps("minio", **{"force-path-style": False}, **FOLLOW)
    assert "--force-path-style=false" in follower(step)


SNAPSHOTS: dict[str, Any] = {"snapshots": {"every": "1d", "keep": 60}}


@pytest.mark.parametrize("name", PROVIDERS)
def test_who_makes_the_snapshots_is_said_where_nothing_follows(name: str) -> None:
    (step,) = steps(name, **SNAPSHOTS)
    assert step.title == "Let something make the snapshots of the channel main"
    said = "\n".join(step.steps)
    assert "chaninfra manifest 'stack:#main' --format github-reindex --into" in said
    assert "chaninfra snapshot create --scheduled -c s3://my-bucket/main --provider" in said
    assert "snapshots" not in " ".join(each.title for each in steps(name, **SNAPSHOTS, **FOLLOW))


FORGE = {"source": "https://conda.anaconda.org/conda-forge"}


@pytest.mark.parametrize("name", PROVIDERS)
def test_who_runs_the_mirrors_is_said_where_nothing_does(name: str) -> None:
    mirrors = {"forge": {**FORGE, "every": "6h"}, "by-hand": FORGE}
    (step,) = (each for each in steps(name, mirrors=mirrors) if "mirrors" in each.title)
    assert step.title == "Let something run the mirrors of the channel main"
    said = "\n".join(step.steps)
    assert "chaninfra copy --mirrors --to s3://my-bucket/main --provider" in said
    followed = [each for each in steps(name, mirrors=mirrors, **FOLLOW) if "mirrors" in each.title]
    if PROVIDERS[name].backend == "aws":
        # The function may run for a quarter of an hour.
        assert "--mirrors" in "\n".join(followed[0].steps)
        assert "`every`" not in "\n".join(followed[0].steps)
    else:
        (by_hand,) = followed
        assert "chaninfra copy --mirror by-hand --to" in "\n".join(by_hand.steps)
        only = {"forge": mirrors["forge"]}
        assert not [each for each in steps(name, mirrors=only, **FOLLOW) if "mirrors" in each.title]
