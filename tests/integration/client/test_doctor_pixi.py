"""Doctor reads the channel as pixi would on this machine: with pixi's stores of keys, its region, its environment."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from support.channels.sick_channels import Diagnosis, Patient, copy, edit, examine
from support.servers.fault_server import Answer, Fault, Request, error, faulty, is_in_region

OLD = "OLDEXAMPLE"
SECRET = "an-old-secret-of-somebody"


@pytest.fixture
def on_minio(healthy: dict[str, Patient]) -> Patient:
    """The healthy channel on MinIO."""
    return healthy["minio"]


def key(key_id: str, secret: str) -> dict[str, Any]:
    """An entry of a store of pixi's."""
    return {"S3Credentials": {"access_key_id": key_id, "secret_access_key": secret, "session_token": None}}


def stored(file: Path, **entries: Any) -> Path:
    """A store of pixi's with these entries."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(entries), "utf-8")
    return file


def right(place: Patient) -> dict[str, Any]:
    """An entry with the server's key."""
    return key(place.server.access_key_id, place.server.secret_access_key)


def reader(place: Patient, *args: str, **env: str) -> Diagnosis:
    """The doctor's check with pixi's client alone. What it prints has no secret."""
    found = examine(place, "--check", "reader", *args, **env)
    for secret in (SECRET, place.server.secret_access_key):
        assert secret not in json.dumps(found.checks)
    return found


def test_an_older_login_that_pixi_takes_before_the_good_keys(on_minio: Patient, tmp_path: Path) -> None:
    file = stored(tmp_path / ".rattler/credentials.json", **{on_minio.bucket: key(OLD, SECRET)})
    found = reader(on_minio, HOME=str(tmp_path))
    assert found.failed == {"reader"}
    assert f"with the key {OLD}, the entry '{on_minio.bucket}' of {file}" in found.of("reader")["found"]
    assert found.of("reader")["remedy"] == f"pixi auth logout s3://{on_minio.bucket}"
    # As the remedy does.
    stored(file)
    assert reader(on_minio, HOME=str(tmp_path)).states == {"ok"}


def test_the_entry_that_wins_is_named_and_those_that_do_not(on_minio: Patient, tmp_path: Path) -> None:
    bucket, channel = on_minio.bucket, on_minio.url
    file = stored(tmp_path / "auth.json", **{bucket: right(on_minio)})
    other = stored(tmp_path / ".rattler/credentials.json", **{bucket: key(OLD, SECRET), channel: key("AK2", SECRET)})
    found = reader(on_minio, HOME=str(tmp_path), RATTLER_AUTH_FILE=str(file), AWS_SECRET_ACCESS_KEY="wrong")
    # The doctor's own requests have the wrong key; what is asked here is what pixi has.
    assert found.failed == {"credentials"}
    found = reader(on_minio, HOME=str(tmp_path), RATTLER_AUTH_FILE=str(file))
    assert found.states == {"ok"}
    text = found.of("reader")["found"]
    assert f"with the key {on_minio.server.access_key_id}, the entry {bucket!r} of {file}" in text
    assert f"not {bucket!r} of {other} ({OLD}), {channel!r} of {other} (AK2)" in text


def test_an_entry_by_url_loses_to_one_by_name_in_a_later_store(on_minio: Patient, tmp_path: Path) -> None:
    """So it was with the file that earlier versions printed."""
    file = stored(tmp_path / "auth.json", **{f"s3://{on_minio.bucket}": right(on_minio)})
    environment = {"HOME": str(tmp_path), "RATTLER_AUTH_FILE": str(file)}
    assert reader(on_minio, **environment).states == {"ok"}
    stored(tmp_path / ".rattler/credentials.json", **{on_minio.bucket: key(OLD, SECRET)})
    found = reader(on_minio, **environment)
    assert found.failed == {"reader"}
    assert f"the entry '{on_minio.bucket}' of {tmp_path}/.rattler/credentials.json" in found.of("reader")["found"]


def test_the_file_that_pixis_configuration_names_comes_before_a_login(on_minio: Patient, tmp_path: Path) -> None:
    file = stored(tmp_path / "mine.json", **{on_minio.bucket: key(OLD, SECRET)})
    stored(tmp_path / ".rattler/credentials.json", **{on_minio.bucket: right(on_minio)})
    (tmp_path / ".pixi").mkdir()
    (tmp_path / ".pixi/config.toml").write_text(f'authentication-override-file = "{file}"\n')
    found = reader(on_minio, HOME=str(tmp_path))
    assert found.failed == {"reader"}
    assert f"the entry '{on_minio.bucket}' of {file}" in found.of("reader")["found"]
    assert found.of("reader")["remedy"] == f"correct or remove the entry '{on_minio.bucket}' of {file}"
    stored(file, **{on_minio.bucket: right(on_minio)})
    assert reader(on_minio, HOME=str(tmp_path)).states == {"ok"}
    stored(file, **{on_minio.bucket: right(on_minio), "*.example.com": SECRET})
    found = reader(on_minio, HOME=str(tmp_path))
    assert f"pixi stops at {file}" in found.of("reader")["found"]


def test_a_store_that_is_not_json(on_minio: Patient, tmp_path: Path) -> None:
    file = tmp_path / "auth.json"
    file.write_text(f'{{"{on_minio.bucket}": {SECRET}')
    found = reader(on_minio, RATTLER_AUTH_FILE=str(file))
    assert found.failed == {"reader"}
    assert found.of("reader")["found"] == f"pixi stops at {file}, where it looks for keys: it is not a JSON object"
    assert found.of("reader")["remedy"] == f"correct or remove {file}"
    # An entry of another host is in no form that pixi knows; what the client says of it may hold a secret.
    for entry in (SECRET, {SECRET: 1}, {"BearerToken": [SECRET]}):
        stored(file, **{on_minio.bucket: right(on_minio), "*.example.com": entry})
        found = reader(on_minio, RATTLER_AUTH_FILE=str(file))
        assert found.failed == {"reader"}
        assert "an entry has none of the forms that pixi knows" in found.of("reader")["found"]
        assert found.of("reader")["remedy"] == f"correct or remove {file}"


def test_keys_that_pixi_does_not_look_for(on_minio: Patient) -> None:
    server = on_minio.server
    own = {"S3_ACCESS_KEY_ID": server.access_key_id, "S3_SECRET_ACCESS_KEY": server.secret_access_key}
    none = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
    found = reader(on_minio, **own, **none)
    assert [each["state"] for each in found.checks] == ["ok", "warning"]
    assert "pixi itself finds no key here: it does not read S3_ACCESS_KEY_ID" in found.checks[1]["found"]
    assert "--format login" in found.checks[1]["remedy"]
    # Those that the AWS tools find are the ones that pixi takes, also if they are wrong.
    assert reader(on_minio, **own).states == {"ok"}
    found = reader(on_minio, **own, AWS_ACCESS_KEY_ID=OLD, AWS_SECRET_ACCESS_KEY=SECRET)
    assert found.failed == {"reader"}
    assert f"with the key {OLD} (AWS_ACCESS_KEY_ID), not {server.access_key_id} (S3_ACCESS_KEY_ID)" in str(found.checks)


ELSEWHERE = "eu-west-7"


def signed_for(region: str) -> Fault:
    """As `is_in_region`, for presigned URLs too, as pixi sends them: AWS answers another region 400."""
    by_header = is_in_region(region, 400, "AuthorizationHeaderMalformed")

    def fault(request: Request) -> Answer | None:
        if "X-Amz-Credential=" not in request.path:
            return by_header(request)
        if f"%2F{region}%2Fs3" not in request.path:
            return error(400, "AuthorizationQueryParametersError", f"<Region>{region}</Region>")
        # The proxy signs again what has a signature in its headers.
        request.path = request.path.partition("?")[0]
        request.headers["Authorization"] = "to be made"
        request.changed = True
        return None

    return fault


@pytest.fixture
def on_aws(on_minio: Patient, bucket_name: str) -> Iterator[Patient]:
    """A stand-in for AWS: MinIO behind a proxy that takes one region only; the channel says that it is on AWS."""
    copied = copy(on_minio, bucket_name)
    with faulty(copied.server, signed_for(ELSEWHERE)) as server:
        # The AWS SDK, by which pixi asks, takes this name for one that needs the bucket in the path.
        url = server.endpoint_url.replace("127.0.0.1", "localhost")
        edit(copied, provider="aws", auth="aws", region=ELSEWHERE, endpoint_url=url, force_path_style=True)
        yield replace(copied, server=replace(server, endpoint_url=url))


def test_pixi_needs_the_region_of_a_bucket_on_aws_from_the_environment(on_aws: Patient, tmp_path: Path) -> None:
    where = {"AWS_ENDPOINT_URL": on_aws.server.endpoint_url, "HOME": str(tmp_path)}
    asked = ("--region", ELSEWHERE)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        found = reader(on_aws, *asked, **{name: ELSEWHERE}, **where)
        assert found.states == {"ok"}, found.checks
    for environment, said in (
        ({}, "pixi has no region"),
        ({"AWS_REGION": "us-west-2"}, "pixi asks in 'us-west-2' (AWS_REGION)"),
        ({"AWS_DEFAULT_REGION": "us-west-2"}, "pixi asks in 'us-west-2' (AWS_DEFAULT_REGION)"),
    ):
        found = reader(on_aws, *asked, **environment, **where)
        assert found.failed == {"reader"}
        assert f"{said}, and the bucket is in '{ELSEWHERE}'" in found.of("reader")["found"]
        assert found.of("reader")["remedy"] == f"export AWS_REGION={ELSEWHERE}"


def test_a_store_counts_on_aws_only_if_it_cannot_be_read(on_aws: Patient, tmp_path: Path) -> None:
    where = {"AWS_ENDPOINT_URL": on_aws.server.endpoint_url, "HOME": str(tmp_path), "AWS_REGION": ELSEWHERE}
    file = stored(tmp_path / ".rattler/credentials.json", **{on_aws.bucket: key(OLD, SECRET)})
    found = reader(on_aws, "--region", ELSEWHERE, **where)
    assert found.states == {"ok"}
    assert OLD not in found.of("reader")["found"]
    stored(file, **{"*.example.com": SECRET})
    found = reader(on_aws, "--region", ELSEWHERE, **where)
    assert f"pixi stops at {file}" in found.of("reader")["found"]


def test_pixi_takes_the_region_of_the_profile(on_aws: Patient, tmp_path: Path) -> None:
    config = tmp_path / ".aws/config"
    config.parent.mkdir()
    config.write_text(f"[profile here]\nregion = {ELSEWHERE}\n[profile there]\nregion = us-west-2\n")
    where = {"AWS_ENDPOINT_URL": on_aws.server.endpoint_url, "HOME": str(tmp_path)}
    assert reader(on_aws, "--region", ELSEWHERE, AWS_PROFILE="here", **where).states == {"ok"}
    found = reader(on_aws, "--region", ELSEWHERE, AWS_PROFILE="there", **where)
    assert "pixi asks in 'us-west-2' (the profile there)" in found.of("reader")["found"]
    # What the profile says does not count where a variable says something else.
    found = reader(on_aws, "--region", ELSEWHERE, AWS_PROFILE="here", AWS_REGION="us-west-2", **where)
    assert "pixi asks in 'us-west-2' (AWS_REGION)" in found.of("reader")["found"]


def test_what_is_printed_for_aws_works_together(on_aws: Patient, tmp_path: Path) -> None:
    """pixi.toml without options, and beside it the variables or the profile that are printed; the caller's region is
    another one."""
    endpoint = {"AWS_ENDPOINT_URL": on_aws.server.endpoint_url, "HOME": str(tmp_path)}
    region = ("--region", ELSEWHERE)
    pixi = on_aws.run("manifest", *region, "--format", "pixi").stdout
    assert "s3-options" not in pixi
    assert f"export AWS_REGION={ELSEWHERE}," in pixi
    env = on_aws.run("manifest", *region, "--format", "env").stdout
    variables = dict(re.findall(r"^export (AWS_(?:DEFAULT_)?REGION)='(.*)'$", env, re.MULTILINE))
    assert reader(on_aws, *region, **endpoint, **variables).states == {"ok"}
    profile = on_aws.run("manifest", *region, "--format", "aws-config").stdout
    use = re.search(
        r"^# To use it: export AWS_PROFILE=(.*); unset AWS_REGION AWS_DEFAULT_REGION$", profile, re.MULTILINE
    )
    assert use is not None
    (tmp_path / "config").write_text(profile)
    by_profile = {"AWS_CONFIG_FILE": str(tmp_path / "config"), "AWS_PROFILE": use[1]}
    assert reader(on_aws, *region, **endpoint, **by_profile).states == {"ok"}
