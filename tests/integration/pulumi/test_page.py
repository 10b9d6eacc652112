"""The handler of the page on real stores: what it puts, what a refresh finds, and what stays."""

from __future__ import annotations

from typing import Any

import pytest

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.page.files import GENERATOR, page_files
from chaninfra.channel.page.put import page_digests
from chaninfra.pulumi.handlers import Handler
from support.channels import channels
from support.pulumi.handlers import Store
from support.servers.s3_servers import Server

HTML = "main/index.html"
FILES = {f"main/{file.name}": file.body for file in page_files()}
EARLIER = b"<html>%s" % GENERATOR
THEIRS = b"<html>conda-index"


class Bucket:
    """A bucket with an empty channel, and the handler of its page."""

    def __init__(self, server: Server, name: str, *, versioned: bool = False) -> None:
        self.client, self.server, self.name = server.client(), server, name
        self.store = Store(server, name)
        self.store.make()
        if versioned:
            self.client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
        self.props: dict[str, Any] = {"store": self.store.store, "prefix": "main", "contents": page_digests()}
        self.handler: Handler[Any, Any] = self.store.handler("page")

    def put(self, key: str, data: bytes) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=data)

    def get(self, key: str) -> bytes:
        data: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return data

    def page(self) -> set[str]:
        """The keys of index.html and assets."""
        return {key for key in channels.etags(self.server, self.name, "main") if "assets/" in key or key == HTML}

    def versions(self) -> set[str]:
        """Keys with a version or a delete marker."""
        found = self.client.list_object_versions(Bucket=self.name)
        return {each["Key"] for each in [*found.get("Versions", ()), *found.get("DeleteMarkers", ())]}


@pytest.fixture
def bucket(server: Server, bucket_name: str) -> Bucket:
    return Bucket(server, bucket_name)


def test_the_page_is_put_with_its_headers_found_by_a_refresh_and_deleted(bucket: Bucket) -> None:
    others = channels.etags(bucket.server, bucket.name)
    _, made = bucket.handler.create(bucket.props)
    assert made == bucket.props
    for key, body in FILES.items():
        found = bucket.client.get_object(Bucket=bucket.name, Key=key)
        assert found["Body"].read() == body.data
        assert (found["ContentType"], found["CacheControl"]) == (body.content_type, body.cache_control)
    assert FILES[HTML].content_type == "text/html; charset=utf-8"
    assert FILES[HTML].cache_control == "max-age=300"
    assert bucket.handler.read(made) == made
    assert not bucket.handler.diff(made, bucket.props).changes

    # What was deleted or changed by hand is found, and put again.
    bucket.client.delete_object(Bucket=bucket.name, Key=min(FILES))
    bucket.put(HTML, EARLIER)
    found = bucket.handler.read(made)
    assert found is not None
    assert {f"main/{name}" for name in found["contents"]} == set(FILES) - {min(FILES), HTML}
    assert bucket.handler.diff(found, bucket.props).changes
    assert bucket.handler.update(found, bucket.props) == bucket.props
    assert bucket.get(HTML) == FILES[HTML].data

    bucket.handler.delete(made)
    assert bucket.handler.read(made) is None
    assert channels.etags(bucket.server, bucket.name) == others
    bucket.handler.delete(made)


def test_the_page_of_a_newer_chaninfra_is_put_and_the_assets_of_the_earlier_stay_until_it_is_deleted(
    bucket: Bucket,
) -> None:
    old = {"index.html": "0" * 64, "assets/page-0123456789abcdef.js": "1" * 64}
    bucket.put(HTML, EARLIER)
    bucket.put("main/assets/page-0123456789abcdef.js", b"earlier")
    olds = {**bucket.props, "contents": old}
    assert bucket.handler.diff(olds, bucket.props).changes
    assert bucket.handler.update(olds, bucket.props) == bucket.props
    assert bucket.page() == {*FILES, "main/assets/page-0123456789abcdef.js"}
    bucket.handler.delete(bucket.props)
    assert bucket.page() == set()


def test_files_of_others_stay_and_are_told_until_they_are_away(
    bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    bucket.put(HTML, THEIRS)
    bucket.put("main/assets/logo.svg", b"<svg>")
    _, made = bucket.handler.create(bucket.props)
    said = capsys.readouterr().err
    assert f"warning: s3://{bucket.name}/main/index.html is not a page of chaninfra" in said
    assert "Delete it and run `pulumi up` again to have the page; or set `page` to false" in said
    assert bucket.get(HTML) == THEIRS
    # The next `up` tries again, and says it again.
    assert bucket.handler.diff(made, bucket.props).changes
    bucket.handler.delete(made)
    assert bucket.page() == {HTML, "main/assets/logo.svg"}
    bucket.client.delete_object(Bucket=bucket.name, Key=HTML)
    assert bucket.handler.update(made, bucket.props) == bucket.props
    assert capsys.readouterr().err == ""


def test_all_versions_go_with_the_page(server: Server, bucket_name: str) -> None:
    bucket = Bucket(server, bucket_name, versioned=True)
    bucket.put(HTML, EARLIER)
    _, made = bucket.handler.create(bucket.props)
    bucket.put("main/index.html.bak", b"theirs")
    bucket.handler.delete(made)
    left = {key for key in bucket.versions() if "repodata" not in key and "shards/" not in key}
    assert left == {"main/channel.json", "main/index.html.bak"}


@pytest.mark.parametrize("noun", ["page", "skeleton"])
def test_old_versions_of_an_index_html_of_others_stay(minio: Server, bucket_name: str, noun: str) -> None:
    # versitygw lets nobody create an object again that has a delete marker.
    bucket = Bucket(minio, bucket_name, versioned=True)
    bucket.put(HTML, THEIRS)
    # As the warning says.
    bucket.client.delete_object(Bucket=bucket.name, Key=HTML)
    _, made = bucket.handler.create(bucket.props)
    bucket.put(HTML, EARLIER)
    with pytest.raises(RefusedError, match=r"1 object that chaninfra did not make, for example 'main/index\.html'"):
        bucket.store.handler("guard").delete(bucket.store.props())
    bucket.store.handler(noun).delete({**bucket.store.props(adopt=True), **made})
    found = bucket.client.list_object_versions(Bucket=bucket.name, Prefix=HTML)
    (left,) = found["Versions"]
    assert HTML not in bucket.page()
    got = bucket.client.get_object(Bucket=bucket.name, Key=HTML, VersionId=left["VersionId"])
    assert got["Body"].read() == THEIRS

    # What is theirs now has nothing of ours deleted below it.
    _, made = bucket.handler.create(bucket.props)
    bucket.put(HTML, THEIRS)
    bucket.handler.delete(made)
    assert bucket.get(HTML) == THEIRS
    assert len(bucket.client.list_object_versions(Bucket=bucket.name, Prefix=HTML)["Versions"]) == 3


def test_a_page_that_was_deleted_by_hand_is_no_obstacle_to_a_destroy(server: Server, bucket_name: str) -> None:
    bucket = Bucket(server, bucket_name, versioned=True)
    _, made = bucket.handler.create(bucket.props)
    bucket.client.delete_object(Bucket=bucket.name, Key=HTML)
    bucket.store.handler("guard").delete(bucket.store.props())
    bucket.handler.delete(made)
    assert HTML not in bucket.versions()


def test_the_page_is_no_obstacle_to_a_destroy_and_one_of_others_is(bucket: Bucket) -> None:
    _, made = bucket.handler.create(bucket.props)
    bucket.put("main/noarch/summaries/tool.json", b"{}")
    bucket.store.handler("guard").delete(bucket.store.props())
    bucket.handler.delete(made)
    # One that `chaninfra init` put, of which the state knows nothing.
    bucket.handler.create(bucket.props)
    bucket.store.handler("skeleton").delete(bucket.store.props())
    assert set(channels.etags(bucket.server, bucket.name)) == {"main/channel.json"}
    bucket.put(HTML, THEIRS)
    with pytest.raises(RefusedError, match=r"1 object that chaninfra did not make, for example 'main/index\.html'"):
        bucket.store.handler("guard").delete(bucket.store.props())
    assert bucket.get(HTML) == THEIRS


def test_a_bucket_that_is_gone_has_no_page(bucket: Bucket) -> None:
    for key in channels.etags(bucket.server, bucket.name):
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    bucket.client.delete_bucket(Bucket=bucket.name)
    assert bucket.handler.read(bucket.props) is None
    bucket.handler.delete(bucket.props)
