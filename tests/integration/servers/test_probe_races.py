"""The probe on stores whose conditional writes are not atomic, or not with versions, and what `writers` becomes."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.probe.probe import ProbeResult
from chaninfra.channel.s3.object_versions import is_older_than_versioning
from support.channels.channel_at import PREFIX, Place
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.channels.probing import described, examined, left
from support.pulumi.handlers import Store
from support.servers import check_then_write_server as standin
from support.servers.check_then_write_server import check_then_write, ignores_conditions_on_versions
from support.servers.s3_proxy import proxy
from support.servers.s3_servers import Server

KINDS = {"create": standin.is_create, "replace": standin.is_replace, "multipart": standin.is_completion}


def place_on(server: Server, bucket: str) -> Place:
    return Place(server, bucket, f"s3://{bucket}/{PREFIX}")


def written(server: Server, bucket: str) -> dict[str, Any]:
    """channel.json as it is."""
    found = server.client().get_object(Bucket=bucket, Key=f"{PREFIX}/channel.json")["Body"].read()
    document: dict[str, Any] = json.loads(found)
    return document


@pytest.mark.parametrize("kind", [*KINDS])
def test_conditions_that_are_not_atomic_are_not_honoured(versitygw: Server, bucket_name: str, kind: str) -> None:
    versitygw.client().create_bucket(Bucket=bucket_name)
    with check_then_write(versitygw, KINDS[kind]) as server:
        found, results = examined(server, described(server, bucket_name))
    assert {name: getattr(found, name) for name in KINDS} == {**dict.fromkeys(KINDS, "honoured"), kind: "not-atomic"}
    result = results[f"conditional-{kind}"]
    assert "at the same time" in result.found
    assert result.state == ("warning" if kind == "multipart" else "failed")
    assert left(versitygw, bucket_name) == []


def test_init_and_publish_refuse_many_writers_on_a_store_that_checks_and_then_writes(
    versitygw: Server, bucket_name: str, tmp_path: Path
) -> None:
    versitygw.client().create_bucket(Bucket=bucket_name)
    with check_then_write(versitygw) as server:
        place = place_on(server, bucket_name)
        done = place.run("init")
        assert done.returncode == 0, done.stderr
        assert "at the same time" in done.stderr
        assert written(versitygw, bucket_name)["index"]["conditional-writes"] == dict.fromkeys(KINDS, False)
        package = make_package(tmp_path, "hello", "1.0")
        refused = place.run("publish", str(package))
        assert refused.returncode == 2
        assert "no conditional writes" in refused.stderr
        assert "--writers single" in refused.stderr
        place.done("init", "--writers", "single")
        place.done("publish", str(package))
        assert [*place.repodata("noarch")["packages.conda"]] == [package.name]


def test_doctor_probe_corrects_what_an_earlier_probe_recorded(versitygw: Server, bucket_name: str) -> None:
    versitygw.client().create_bucket(Bucket=bucket_name)
    create_channel(versitygw, place_on(versitygw, bucket_name).url)
    assert written(versitygw, bucket_name)["index"]["conditional-writes"]["replace"]
    with check_then_write(versitygw) as server:
        assert place_on(server, bucket_name).run("doctor", "--probe").returncode == 1
    assert written(versitygw, bucket_name)["index"]["conditional-writes"] == dict.fromkeys(KINDS, False)


def test_a_stack_records_that_conditions_are_not_atomic(versitygw: Server, bucket_name: str) -> None:
    with check_then_write(versitygw) as server:
        store = Store(server, bucket_name)
        store.handler("bucket").create(store.props())
        _, outputs = store.handler("descriptor").create(store.props())
    assert outputs["probed"] == dict.fromkeys(KINDS, False)


def test_a_store_in_which_exactly_one_wins_passes_again_and_again(server: Server, bucket_name: str) -> None:
    server.client().create_bucket(Bucket=bucket_name)
    for _ in range(4):
        found, _ = examined(server, described(server, bucket_name))
        assert found.conditional_writes == ConditionalWrites(create=True, replace=True, multipart=True)
    assert left(server, bucket_name) == []


def test_two_probes_at_once_do_not_disturb_each_other(server: Server, bucket_name: str) -> None:
    server.client().create_bucket(Bucket=bucket_name)

    def probed(_: int) -> ProbeResult:
        return examined(server, described(server, bucket_name))[0]

    with ThreadPoolExecutor(3) as pool:
        for found in pool.map(probed, range(3)):
            assert found.conditional_writes == ConditionalWrites(create=True, replace=True, multipart=True)
    assert left(server, bucket_name) == []


def test_a_probe_makes_less_than_250_requests(server: Server, bucket_name: str) -> None:
    server.client().create_bucket(Bucket=bucket_name)
    with proxy(server) as running:
        examined(running.server, described(running.server, bucket_name))
        made = running.take().log
    # docs/doctor.md says so.
    assert 100 < len(made) < 250


def test_a_pass_does_not_override_what_the_table_says(minio: Server, bucket_name: str) -> None:
    minio.client().create_bucket(Bucket=bucket_name)
    descriptor = described(minio, bucket_name, provider="garage")
    found, results = examined(minio, descriptor)
    assert found.conditional_writes == ConditionalWrites(create=False, replace=False, multipart=False)
    assert results["conditional-create"].state == "failed"
    assert "`chaninfra providers garage` says no" in results["conditional-create"].found
    # As an earlier version may have recorded it.
    place_on(minio, bucket_name).done("init", "--provider", "garage", "--writers", "single")
    assert written(minio, bucket_name)["index"]["conditional-writes"] == dict.fromkeys(KINDS, False)


def test_versioning_that_is_turned_on_later_is_probed_again_by_the_stack(versitygw: Server, bucket_name: str) -> None:
    with ignores_conditions_on_versions(versitygw) as server:
        store = Store(server, bucket_name)
        store.handler("bucket").create(store.props())
        handler = store.handler("descriptor")
        _, outputs = handler.create(store.props())
        assert outputs["probed"] == dict.fromkeys(KINDS, True)
        assert not handler.diff(outputs, store.props()).changes

        settings = store.props(settings={"versioning": {"Status": "Enabled"}})
        store.handler("settings").create(settings)
        difference = handler.diff(outputs, store.props())
        assert difference.changes
        assert not difference.replaces
        outputs = handler.update(outputs, store.props())
        assert outputs["probed"] == {"create": False, "replace": True, "multipart": False}
        assert not handler.diff(outputs, store.props()).changes

        store.handler("settings").update(settings, store.props(settings={}))
        assert not handler.diff(outputs, store.props()).changes


def test_versioning_that_is_turned_on_later_is_probed_again_by_init(server: Server, bucket_name: str) -> None:
    client = server.client()
    client.create_bucket(Bucket=bucket_name)
    with ignores_conditions_on_versions(server) as proxied:
        place = place_on(proxied, bucket_name)
        create_channel(proxied, place.url)
        key = f"{PREFIX}/channel.json"
        location = described(server, bucket_name).location
        assert not is_older_than_versioning(client, location, key)
        assert place.done("init").startswith("nothing to do")
        client.put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Enabled"})
        assert is_older_than_versioning(client, location, key)
        assert key in place.done("init")
        assert not written(server, bucket_name)["index"]["conditional-writes"]["create"]
        assert not is_older_than_versioning(client, location, key)
        assert place.done("init").startswith("nothing to do")
        client.put_bucket_versioning(Bucket=bucket_name, VersioningConfiguration={"Status": "Suspended"})
        assert not is_older_than_versioning(client, location, key)


def test_who_writes_to_a_store_that_was_not_probed_is_told_to_probe_it(
    versitygw: Server, bucket_name: str, tmp_path: Path
) -> None:
    client = versitygw.client()
    client.create_bucket(Bucket=bucket_name)
    place = place_on(versitygw, bucket_name)
    create_channel(versitygw, place.url)
    package = make_package(tmp_path, "hello", "1.0")
    document = written(versitygw, bucket_name)

    def record(**index: Any) -> None:
        changed = {**document, "index": {**document["index"], **index}}
        client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/channel.json", Body=json.dumps(changed).encode())

    record(**{"conditional-writes": None})
    told = f"chaninfra doctor --probe {place.url} --endpoint-url {versitygw.endpoint_url}"
    for command in ("publish", "reindex"):
        done = place.run(command, *([package] if command == "publish" else []))
        assert done.returncode == 0, done.stderr
        assert done.stderr.count(told) == 1
    assert told not in place.run("ls").stderr
    record(**{"conditional-writes": None, "writers": "single"})
    assert told not in place.run("publish", package).stderr
    record(**{"conditional-writes": None})
    place.done("doctor", "--probe")
    assert told not in place.run("publish", package).stderr
