"""What the helper creates is what `chaninfra init` creates."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from support.channels.channel_at import PREFIX, Place
from support.channels.channels import etags
from support.channels.cli_runner import chaninfra
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server


def test_a_channel_by_the_helper_is_as_one_by_init(server: Server, bucket_name: str) -> None:
    by_init, by_helper = (
        Place(server, bucket, f"s3://{bucket}/{PREFIX}") for bucket in (bucket_name, f"{bucket_name}-2")
    )
    for place in (by_init, by_helper):
        server.client().create_bucket(Bucket=place.bucket)
    words = ("init", "--subdir", "linux-64", "--provider", server.name)
    by_init.done(*words)
    create_channel(server, by_helper.url, "linux-64", provider=server.name)
    assert objects(by_helper) == objects(by_init)
    assert by_helper.done(*words).startswith("nothing to do")


def test_without_a_bucket_it_says_how_to_make_one_and_then_what_comes_next(
    server: Server, bucket_name: str, tmp_path: Path
) -> None:
    place = Place(server, bucket_name, f"s3://{bucket_name}/{PREFIX}")
    refused = place.run("init", "--provider", server.name)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "there is no bucket" in refused.stderr
    assert "pulumi" not in refused.stderr
    # The AWS CLI is not at hand: its words, as boto3 takes them.
    (line,) = re.findall(r"^  aws s3api create-bucket (.*)$", refused.stderr, re.MULTILINE)
    words = shlex.split(line)
    options = dict(zip(words[::2], words[1::2], strict=True))
    assert options.pop("--endpoint-url") == server.endpoint_url
    assert options.pop("--region")
    server.client().create_bucket(Bucket=options.pop("--bucket"))
    assert options == {}

    made = place.run("init", "--provider", server.name)
    assert made.returncode == 0, made.stderr
    (following,) = re.findall(r"^note: next: chaninfra (.*)$", made.stderr, re.MULTILINE)
    make_package(tmp_path, "my-package", "1.0")
    done = chaninfra(*shlex.split(following), server=server, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "my-package-1.0-0.conda: uploaded" in done.stdout
    again = place.run("init", "--provider", server.name)
    assert "next:" not in again.stderr


def objects(place: Place) -> dict[str, tuple[str, str, Any]]:
    """Key → content type, cache control, and what is in channel.json; the index files are empty, with random ids."""
    found = {}
    for key in etags(place.server, place.bucket):
        got = place.server.client().get_object(Bucket=place.bucket, Key=key)
        data = got["Body"].read().replace(place.bucket.encode(), b"BUCKET")
        is_descriptor = key == f"{PREFIX}/channel.json"
        found[key] = (got["ContentType"], got["CacheControl"], json.loads(data) if is_descriptor else None)
    return found
