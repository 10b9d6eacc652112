"""Abandoned multipart uploads, at the stand-in for AWS (moto), which reports 2010 as the start of every upload."""

from __future__ import annotations

import json

from support.channels.channel_at import PREFIX, new_place
from support.servers.s3_servers import Server

MINE = f"{PREFIX}/noarch/big-1.0-0.conda"
OTHERS = (
    f"{PREFIX}/backup.tar",
    f"{PREFIX}/noarch/notes.txt",
    f"{PREFIX}/below/noarch/big-1.0-0.conda",
    f"{PREFIX}-2/noarch/big-1.0-0.conda",
    # Of a subdir that is not declared, where a maintainer may abort nothing.
    f"{PREFIX}/win-64/big-1.0-0.conda",
)


def test_gc_aborts_only_uploads_of_packages_of_the_channel_at_the_stand_in(aws: Server, bucket_name: str) -> None:
    place, client = new_place(aws, bucket_name), aws.client()
    client.put_object(Bucket=bucket_name, Key=f"{PREFIX}/win-64/there-1.0-0.conda", Body=b"")
    for key in (MINE, *OTHERS):
        client.create_multipart_upload(Bucket=bucket_name, Key=key)
    assert [each["key"] for each in json.loads(place.done("gc", "--json"))["deleted"]] == [MINE]
    left = client.list_multipart_uploads(Bucket=bucket_name)["Uploads"]
    assert sorted(each["Key"] for each in left) == sorted(OTHERS)
