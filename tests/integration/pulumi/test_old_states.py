"""States of earlier versions with the current program: no resource is replaced, and none is changed but by `CHANGED`.
And a state of a later version, which is refused.

`tests/data/states` has one state per backend and version, with EXAMPLE-… in place of values that differ between runs. A
state is never regenerated, since users have the states that the released version wrote. To add one for a new version:
CHANINFRA_WRITE_STATE=<version> pytest tests/integration/pulumi/test_old_states.py
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from support.channels.channels import etags
from support.paths import DATA
from support.pulumi.later import of_later_version
from support.pulumi.stacks import Stack
from support.pulumi.standin import install
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

STATES = DATA / "states"
BACKENDS = ("aws", "minio")
VERSIONS = sorted({path.stem.split("_")[1] for path in STATES.glob("*_*.json")})
OIDC = {"issuer": "https://idp.example.com", "audience": "conda", "subject": "ci"}
TO_WRITE = os.environ.get("CHANINFRA_WRITE_STATE")
# Defaults of that version which differ from today's. Without them, two files of each channel would be updated in place.
DEFAULTS: dict[str, dict[str, Any]] = {version: {"index": {"compression-level": 3}} for version in ("0.1", "0.2")}
_KEYS: dict[str, dict[str, Any]] = {
    "minio": {
        "versioning": True,
        "tags": {"team": "a"},
        "old_versions_days": 30,
        "publishers": {"ci": {"key": {"rotate": "1"}}, "token": {"oidc": OIDC}},
        "readers": {"people": {"key": {}}},
    }
}
# What `pulumi up` changes in place, and the pages of public channels, which it makes. Up to 0.3 descriptors were of
# version 1. AWS: up to 0.3 the provider at an `endpoint-url` was told not to ask for the account, without which
# pulumi-aws 7 cannot read a bucket's tags. MinIO: policies deny old versions, and publishers may keep old states of the
# index; keys stay.
_CHANNEL = {
    "pulumi-python:dynamic/chaninfra:ChannelDescriptor": "update",
    "pulumi-python:dynamic/chaninfra:Page": "create",
}
CHANGED = {
    "aws": {"pulumi:providers:aws": "update", **_CHANNEL},
    "minio": {
        f"pulumi-python:dynamic/chaninfra:{name}": "update" for name in ("BucketPolicy", "AccessKey", "AccessPolicy")
    }
    | _CHANNEL,
}
# Config that the state of a version was made with.
WITH: dict[str, dict[str, dict[str, Any]]] = {"0.2": _KEYS, "0.3": _KEYS}


def stack_on(backend: str, version: str, server: Server, bucket: str, folder: Path) -> Stack:
    config: dict[str, Any] = {
        "provider": backend,
        "bucket": bucket,
        "endpoint_url": server.endpoint_url,
        "region": server.region,
        "force_path_style": True,
        "visibility": "public",
        "channels": {"stable": {}, "nightly": {"subdirs": ["linux-64"]}},
        **DEFAULTS.get(version, {}),
        **WITH.get(version, {}).get(backend, {}),
    }
    environment = server.environment()
    if backend == "aws":
        environment |= {**install(folder / "home"), "AWS_ENDPOINT_URL": server.endpoint_url}
    return Stack(folder / "stack", config, environment)


def places(server: Server, bucket: str, stack: Stack) -> dict[str, str]:
    # As version 0.2 named the keys; now the name of the bucket's component precedes that.
    keys = {
        f"EXAMPLE-KEY-OF-{name.removeprefix('bucket-')}": found["id"]
        for name, found in stack.resources().items()
        if found["type"].endswith(":AccessKey")
    }
    return {"EXAMPLE-BUCKET": bucket, "EXAMPLE-ENDPOINT": server.endpoint_url.removeprefix("http://"), **keys}


def portable(value: Any) -> Any:
    """The state without source positions, which name files on this machine."""
    if isinstance(value, dict):
        return {key: portable(item) for key, item in value.items() if key not in ("sourcePosition", "stackTrace")}
    return [portable(item) for item in value] if isinstance(value, list) else value


def changes(stack: Stack) -> dict[str, str]:
    """Type of resource → what `pulumi up` would do with those of it that change."""
    ran = stack.run("preview", "--json")
    assert ran.code == 0, ran
    steps = json.loads(ran.output)["steps"]
    return {step["urn"].split("::")[2].rpartition("$")[2]: step["op"] for step in steps if step["op"] != "same"}


def test_each_version_has_a_state_per_backend() -> None:
    assert VERSIONS
    assert {path.name for path in STATES.glob("*.json")} == {f"{each}_{v}.json" for each in BACKENDS for v in VERSIONS}


@pytest.mark.parametrize("version", [TO_WRITE] if TO_WRITE else VERSIONS)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_state_of_an_earlier_version_needs_no_other_change(
    backend: str, version: str, request: pytest.FixtureRequest, bucket_name: str, tmp_path: Path
) -> None:
    server: Server = request.getfixturevalue(backend)
    stack = stack_on(backend, version, server, bucket_name, tmp_path)
    assert stack.up().code == 0
    state = STATES / f"{backend}_{version}.json"
    if TO_WRITE:
        text = json.dumps(portable(json.loads(stack.export())), indent=1) + "\n"
        for name, value in places(server, bucket_name, stack).items():
            text = text.replace(value, name)
        state.write_text(text)
        return

    text = state.read_text()
    for name, value in places(server, bucket_name, stack).items():
        text = text.replace(name, value)
    assert "EXAMPLE-" not in text
    assert stack.run("stack", "import", stdin=text).code == 0
    assert changes(stack).items() <= CHANGED[backend].items()
    assert stack.up().code == 0
    ran = stack.preview(expect_no_changes=True)
    assert ran.code == 0, ran
    assert "skipRequestingAccountId" not in stack.export()
    assert stack.refresh().done == {}
    stack.config(force_destroy=True)
    assert stack.up().code == 0
    assert stack.destroy().code == 0


def test_a_state_of_a_later_version_is_refused_and_nothing_is_changed(
    minio: Server, bucket_name: str, tmp_path: Path
) -> None:
    """Its channel.json is of version 3, and it has a resource that only the later version knows."""
    stack = stack_on("minio", "0.1", minio, bucket_name, tmp_path)
    assert stack.up().code == 0
    state = json.loads(stack.export())
    found = state["deployment"]["resources"]
    there = etags(minio, bucket_name)

    text = json.dumps(state).replace('\\"version\\": 2', '\\"version\\": 3')
    assert text != json.dumps(state)
    assert stack.run("stack", "import", stdin=text).code == 0
    for ran in (stack.preview(), stack.up()):
        assert ran.code != 0
        assert "version 3 of the descriptor is newer than this version of chaninfra; upgrade chaninfra" in str(ran)
        assert "Traceback" not in str(ran)

    guard = next(each for each in found if each["type"].endswith(":DestroyGuard"))
    later = json.loads(json.dumps(guard).replace("DestroyGuard", "LaterThing").replace("bucket-guard", "bucket-later"))
    for side in ("inputs", "outputs"):
        later[side]["__provider"] = of_later_version()
    # Before the guard, which depends on everything.
    found.insert(found.index(guard), {**later, "dependencies": [], "propertyDependencies": {}})
    assert stack.run("stack", "import", stdin=json.dumps(state)).code == 0
    ran = stack.up()
    assert ran.code != 0
    assert "the stack's state has a resource of a later version of chaninfra" in str(ran)
    assert "upgrade chaninfra" in str(ran)
    assert "Traceback" not in str(ran)
    assert etags(minio, bucket_name) == there
