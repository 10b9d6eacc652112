"""What people are told on every store who have a wrong key, name, place or clock: what, where, and what to do; and
nothing is written.

The stores answer with different codes, and all of them are to be understood alike.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from botocore.exceptions import ClientError
from botocore.handlers import set_list_objects_encoding_type_url

from chaninfra.channel.errors import ClockError
from chaninfra.channel.location import Location
from chaninfra.channel.s3.boto import code_and_status
from chaninfra.channel.s3.error_codes import error_for
from support.channels import channels
from support.channels.archives import conda, index_json
from support.channels.channel_at import PREFIX, Place
from support.channels.cli_runner import chaninfra
from support.channels.packages import make_package
from support.pulumi.stacks import Stack
from support.servers.s3_servers import free_port
from support.stores.model import Running

COMMANDS = ("publish", "reindex", "ls", "gc", "yank")


@dataclass(frozen=True)
class Mistake:
    """What is wrong, and what is said of it. `keys` and `flags` replace those that are right."""

    says: str
    remedy: str
    exit_code: int = 5
    keys: Mapping[str, str] = field(default_factory=dict)
    flags: Mapping[str, str] = field(default_factory=dict)
    url: str = ""


Make = Callable[[Running, str], Mistake]


def _wrong_secret(running: Running, bucket: str) -> Mistake:
    return Mistake(
        "the secret access key is not the one of this access key",
        "check the secret access key",
        keys={"AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)},
    )


def _unknown_key(running: Running, bucket: str) -> Mistake:
    # Of the form that the store's own keys have, else it may say that it is malformed.
    known = running.server.access_key_id
    unknown = known[:4] + secrets.token_hex(len(known))[: len(known) - 4]
    return Mistake(
        "it does not know this access key",
        "check the access key, and that it is for this store",
        keys={"AWS_ACCESS_KEY_ID": unknown, "AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)},
    )


def _missing_bucket(running: Running, bucket: str) -> Mistake:
    return Mistake(
        "there is no bucket", "check `bucket` and `endpoint-url`", exit_code=1, url=f"s3://{bucket}-not/{PREFIX}"
    )


def _of_somebody_else(running: Running, bucket: str) -> Mistake:
    keys = running.stranger()
    # With the variables of a session gone, where this is a user.
    return Mistake("these credentials may not", "may belong to another account", keys={"AWS_SESSION_TOKEN": "", **keys})


def _nobody_listens(running: Running, bucket: str) -> Mistake:
    nowhere = f"http://127.0.0.1:{free_port()}"
    return Mistake("the connection was refused", "check the port", 1, flags={"--endpoint-url": nowhere})


def _tls(running: Running, bucket: str) -> Mistake:
    secure = running.server.endpoint_url.replace("http:", "https:")
    words = ("the certificate is not trusted", "SSL_CERT_FILE") if running.store.own_tls else ("no answer: ", "http://")
    return Mistake(*words, 1, flags={"--endpoint-url": secure})


def _virtual_host(running: Running, bucket: str) -> Mistake:
    return Mistake("an IP address has no subdomains", "force-path-style", 2, flags={"--force-path-style": "false"})


MISTAKES: dict[str, Make] = {
    "wrong secret": _wrong_secret,
    "unknown key": _unknown_key,
    "missing bucket": _missing_bucket,
    "somebody else's bucket": _of_somebody_else,
    "nobody listens": _nobody_listens,
    "https": _tls,
    "virtual host": _virtual_host,
}


@dataclass(frozen=True)
class Ground:
    """A channel with one package, which all mistakes are made on, and a package to publish."""

    place: Place
    provider: str
    package: Path

    def run(self, command: str, mistake: Mistake) -> Any:
        """A command with the mistake."""
        url = mistake.url or self.place.url
        arguments = {
            "publish": [self.package, "-c", url],
            "yank": ["there", "-c", url],
        }.get(command, [url])
        flags = {
            "--provider": self.provider,
            "--endpoint-url": self.place.server.endpoint_url,
            "--region": self.place.server.region,
            **mistake.flags,
        }
        keys = {**self.place.server.environment(), **mistake.keys}
        words = [word for flag, value in flags.items() for word in ((flag, value))]
        return chaninfra(command, *arguments, *words, env={name: value for name, value in keys.items() if value})


@pytest.fixture(scope="session")
def _grounds() -> dict[Running, Ground]:
    return {}


@pytest.fixture
def ground(running: Running, _grounds: dict[Running, Ground], tmp_path_factory: pytest.TempPathFactory) -> Ground:
    """The ground of the store, one for the session."""
    if running not in _grounds:
        folder = tmp_path_factory.mktemp("errors")
        bucket = running.new_bucket()
        place = Place(running.server, bucket, f"s3://{bucket}/{PREFIX}")
        one = () if running.store.conditional else ("--writers", "single")
        place.done("init", "--provider", running.store.provider, "--region", running.server.region, *one)
        place.done("publish", make_package(folder, "there", "1.0"))
        _grounds[running] = Ground(place, running.store.provider, make_package(folder, "new", "1.0"))
    return _grounds[running]


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_understood_and_nothing_is_written(running: Running, ground: Ground, name: str) -> None:
    checks = running.store.checks_keys or name not in ("wrong secret", "unknown key", "somebody else's bucket")
    if not checks:
        pytest.skip("the store asks nobody for a key")
    if name == "somebody else's bucket" and not running.has_strangers:
        pytest.skip("the store has one key for all")
    before = channels.listed(running.server, ground.place.bucket)
    mistake = MISTAKES[name](running, ground.place.bucket)
    wrong = []
    for command in COMMANDS:
        done = ground.run(command, mistake)
        said = (mistake.says in done.stderr, mistake.remedy in done.stderr, "Traceback" not in done.stderr)
        if done.returncode != mistake.exit_code or not all(said):
            wrong.append(f"{command}: {done.returncode}: {done.stderr}")
    assert not wrong, "\n".join(wrong)
    assert channels.listed(running.server, ground.place.bucket) == before


def test_a_wrong_region_is_refused_by_name_or_taken(running: Running, ground: Ground) -> None:
    """Many stores take any region; one that does not says which is right, or that it is the region."""
    before = channels.listed(running.server, ground.place.bucket)
    done = ground.run("ls", Mistake("", "", flags={"--region": "mars-north-1"}))
    assert "Traceback" not in done.stderr
    assert channels.listed(running.server, ground.place.bucket) == before
    if running.store.any_region:
        assert done.returncode == 0, done.stderr
    else:
        assert done.returncode in (1, 5), done.stderr
        assert "region" in done.stderr
        assert "mars-north-1" in done.stderr or "`region`" in done.stderr


def test_a_clock_that_is_wrong_is_named(running: Running, ground: Ground) -> None:
    """A request that was signed a day ago, which even Garage refuses: what the store answers means the clock."""
    if not running.store.checks_keys:
        pytest.skip("the store asks nobody for a key")
    early = datetime.now(UTC) - timedelta(hours=25)

    def clock(remove_tzinfo: bool = True) -> datetime:
        return early.replace(tzinfo=None) if remove_tzinfo else early

    client = running.server.client(region_name=running.server.region)
    with (
        patch("botocore.auth.get_current_datetime", clock),
        pytest.raises(ClientError) as caught,
    ):
        client.list_objects_v2(Bucket=ground.place.bucket)
    code, status = code_and_status(caught.value)
    here = Location(
        bucket=ground.place.bucket,
        endpoint_url=running.server.endpoint_url,
        region=running.server.region,
        force_path_style=True,
    )
    error = error_for(here, code, status, doing="list", text=str(caught.value))
    assert type(error) is ClockError, caught.value.response


def test_keys_with_odd_characters_are_named_or_indexed(running: Running, tmp_path: Path) -> None:
    """Objects put by hand: what clients can ask for is indexed, the rest is named and left alone."""
    bucket = running.new_bucket()
    place = Place(running.server, bucket, f"s3://{bucket}/{PREFIX}")
    one = () if running.store.conditional else ("--writers", "single")
    place.done("init", "--provider", running.store.provider, "--region", running.server.region, *one)
    good = {name: f"{name}-1!2.0+a.1-h_0.conda" for name in ("plus", "both")}
    odd = ("with space-1-0.conda", "per%20cent-1-0.conda", "ünïcode-1-0.conda", "a&b<c>-1-0.conda")
    client = running.server.client(region_name=running.server.region)
    # The keys as they are in the answer: s3s-fs says that it has encoded them, and has not.
    client.meta.events.unregister("before-parameter-build.s3.ListObjectsV2", set_list_objects_encoding_type_url)

    def keys() -> set[str]:
        return {entry["Key"] for entry in client.list_objects_v2(Bucket=bucket)["Contents"]}

    for name, file in good.items():
        data = conda(index_json(name, "1!2.0+a.1", build="h_0", noarch="generic"))
        client.put_object(Bucket=bucket, Key=f"{PREFIX}/noarch/{file}", Body=data)
    for file in odd:
        data = conda(index_json(file.partition("-")[0], noarch="generic"))
        client.put_object(Bucket=bucket, Key=f"{PREFIX}/noarch/{file}", Body=data)
    before = keys()
    assert {f"{PREFIX}/noarch/{file}" for file in (*good.values(), *odd)} <= before
    done = place.run("reindex")
    assert "Traceback" not in done.stderr
    found = {*place.repodata("noarch")["packages.conda"]}
    assert {*good.values()} <= found, done.stderr
    for file in odd:
        # As it is: no other key was read in its place.
        assert file in found or f"noarch/{file}" in done.stderr, done.stderr
    for command in ("ls", "gc"):
        place.done(command)
    assert before <= keys()
    place.done("yank", "plus", "--reason", "odd")
    place.done("delete", good["both"], "--reason", "odd", "--yes")
    left = keys()
    assert f"{PREFIX}/noarch/{good['both']}" not in left
    assert {f"{PREFIX}/noarch/{file}" for file in odd} <= left


def test_a_bucket_that_is_there_is_refused_and_adopted_as_it_is(running: Running, tmp_path: Path) -> None:
    """By the engine: with wrong keys, of somebody else, without `adopt`, and with it."""
    store, server = running.store, running.server
    bucket = running.new_bucket()
    server.client().put_object(Bucket=bucket, Key="team/notes.txt", Body=b"ours")
    one = {} if store.conditional else {"index": {"writers": "single"}}
    stack = Stack(tmp_path / "stack", store.config(server, bucket, region=server.region, **one), server.environment())
    before = channels.listed(server, bucket)

    def refused(*words: str) -> None:
        ran = stack.up()
        assert ran.code != 0, ran
        for word in words:
            assert word in ran.output, ran
        assert "Traceback" not in ran.output, ran
        assert channels.listed(server, bucket) == before
        assert f"{bucket}-bucket" not in stack.resources()

    refused(bucket, "already exists", "pulumi config set adopt true")
    known = dict(stack.environment)
    if store.checks_keys:
        stack.environment |= {"AWS_SECRET_ACCESS_KEY": secrets.token_hex(20)}
        refused("the secret access key is not the one of this access key")
        if running.has_strangers:
            stack.environment = {**known, **running.stranger()}
            refused("these credentials may not", "may belong to another account")
    stack.environment = known
    stack.config(adopt=True)
    ran = stack.up()
    assert ran.code == 0, ran
    after = channels.listed(server, bucket)
    assert before.items() <= after.items()
    assert "team/main/channel.json" in after
    assert stack.destroy().code == 0
    assert "team/notes.txt" in channels.listed(server, bucket)
