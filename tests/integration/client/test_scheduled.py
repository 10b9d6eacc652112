"""`reindex` and `gc` as a schedule runs them, and what the doctor says of it, on real servers."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from chaninfra.channel.conda.object_names import CHANINFRA_FOLDER, CHANNEL_JSON, FOLLOW_JSON
from support.channels.channel_at import PREFIX, Place, allowed, new_place
from support.channels.channels import etags
from support.channels.new_channel import create_channel
from support.servers.s3_servers import Server

KEY = f"{PREFIX}/{FOLLOW_JSON}"


def _read(place: Place, name: str) -> Any:
    found = place.server.client().get_object(Bucket=place.bucket, Key=f"{PREFIX}/{name}")
    return json.loads(found["Body"].read())


def _put(place: Place, name: str, document: Any) -> None:
    data = json.dumps(document).encode()
    place.server.client().put_object(Bucket=place.bucket, Key=f"{PREFIX}/{name}", Body=data)


def test_a_schedule_leaves_its_mark_and_doctor_sees_when_it_stops(place: Place) -> None:
    before = etags(place.server, place.bucket)
    place.done("reindex")
    place.done("gc")
    assert etags(place.server, place.bucket) == before
    assert "nothing has followed the channel" in place.done("doctor", "--check", "follow")
    place.done("reindex", "--scheduled", "1d", "--json")
    place.done("gc", "--scheduled", "7d")
    told = place.done("doctor", "--check", "follow")
    assert "re-indexed" in told
    assert "a scheduled job, which does so every day" in told
    assert "which does so every 7 days" in told
    # The mark is the one object that is new, and nothing of it is garbage or a package to the commands.
    assert etags(place.server, place.bucket).keys() - before.keys() == {KEY}
    assert json.loads(place.done("gc", "--json"))["deleted"] == []
    assert place.done("ls", "--json") == "[]\n"
    place.done("reindex", "--check")
    # The channel says now that something follows it.
    descriptor = _read(place, CHANNEL_JSON)
    descriptor["index"]["follow"] = {}
    _put(place, CHANNEL_JSON, descriptor)
    assert "re-indexed" in place.done("doctor", "--check", "follow")
    mark = _read(place, FOLLOW_JSON)
    for task in ("reindex", "gc"):
        mark[task]["at"] = 1_700_000_000_000
    _put(place, FOLLOW_JSON, mark)
    stopped = place.run("doctor", "--check", "follow")
    assert stopped.returncode == 1
    assert "see the last runs of the job, or do it now: `chaninfra reindex " in stopped.stdout
    # Its remedy, as it is typed.
    (typed,) = re.findall(r"`chaninfra reindex (s3://.* --scheduled 1d) --endpoint-url", stopped.stdout)
    place.done("reindex", *typed.split()[1:])
    assert "stopped: cleaned up by `gc`" in place.done("doctor", "--check", "follow")


def test_each_channel_of_a_bucket_has_its_own_mark(minio: Server, bucket_name: str) -> None:
    place = new_place(minio, bucket_name)
    other = Place(minio, place.bucket, f"s3://{place.bucket}/{PREFIX}/below")
    create_channel(minio, other.url, "noarch")
    other.done("reindex", "--scheduled", "1h")
    assert "nothing has followed the channel" in place.done("doctor", "--check", "follow")
    assert "every hour" in other.done("doctor", "--check", "follow")
    found = etags(minio, place.bucket)
    assert [key for key in found if key.endswith(FOLLOW_JSON)] == [f"{PREFIX}/below/{FOLLOW_JSON}"]


def test_whoever_may_not_leave_the_mark_is_warned_and_the_work_is_done(minio: Server, bucket_name: str) -> None:
    place = new_place(minio, bucket_name)
    rights = allowed(
        minio,
        bucket_name,
        "s3:GetObject",
        "s3:ListBucket",
        PutObject=(f"{PREFIX}/noarch/*", f"{PREFIX}/{CHANINFRA_FOLDER}/history/*"),
    )
    done = place.run("reindex", "--scheduled", "1d", **rights)
    assert done.returncode == 0
    assert f"these credentials may not write {FOLLOW_JSON}" in done.stderr
    assert "use the key or role of a maintainer" in done.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("reindex", "--scheduled", "soon"), "--scheduled: 'soon' is not a time"),
        (("reindex", "--scheduled", "1s"), "--scheduled: '1s' is not a time"),
        (("reindex", "--scheduled", ""), "--scheduled: '' is not a time"),
        (("reindex", "--scheduled", "1d", "--check"), "with --check nothing is written"),
        (("gc", "--scheduled", "30d"), "--scheduled: '30d' is not a time"),
        (("gc", "--scheduled", "7d", "--dry-run"), "with --dry-run nothing is written"),
    ],
)
def test_what_is_no_schedule(place: Place, words: tuple[str, ...], message: str) -> None:
    done = place.run(*words)
    assert done.returncode == 2
    assert message in done.stderr
