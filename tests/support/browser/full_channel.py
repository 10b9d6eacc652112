"""A public channel with all that its page shows, made by the commands that users type, and the page in it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chaninfra.channel.page.files import page_files
from chaninfra.channel.policy.statements import document, public_read
from support.channels.bundles import bundle, sidecar
from support.channels.channel_at import PREFIX, Place
from support.channels.new_channel import create_channel
from support.channels.packages import make_package
from support.servers.s3_servers import Server

SNAPSHOT = "2026-11"
REASON = "loses data where a disk is full"
NOTICE = "Python 3.9 is no longer built from January on"
SUBDIRS = ("noarch", "linux-64", "osx-arm64")


@dataclass(frozen=True)
class PublicChannel:
    """A channel that everybody may read, with its page."""

    place: Place

    @property
    def url(self) -> str:
        """Where the channel is, by http, with a slash at the end."""
        return f"{self.place.server.endpoint_url}/{self.place.bucket}/{PREFIX}/"

    @property
    def page(self) -> str:
        """The URL of the page."""
        return f"{self.url}index.html"

    @property
    def origin(self) -> str:
        """The server, by http."""
        return self.place.server.endpoint_url

    def put(self, name: str, data: bytes, **options: Any) -> None:
        """Put an object; `name` is relative to the channel."""
        self.place.server.client().put_object(Bucket=self.place.bucket, Key=f"{PREFIX}/{name}", Body=data, **options)

    def get(self, name: str) -> bytes:
        """The bytes of an object."""
        found = self.place.server.client().get_object(Bucket=self.place.bucket, Key=f"{PREFIX}/{name}")
        data: bytes = found["Body"].read()
        return data

    def delete(self, name: str) -> None:
        """Delete an object."""
        self.place.server.client().delete_object(Bucket=self.place.bucket, Key=f"{PREFIX}/{name}")

    def allow(self, public: bool) -> None:
        """Let everybody read it, or nobody."""
        client = self.place.server.client()
        if public:
            policy = document(public_read(self.place.bucket, [PREFIX]))
            client.put_bucket_policy(Bucket=self.place.bucket, Policy=json.dumps(policy))
        else:
            client.delete_bucket_policy(Bucket=self.place.bucket)

    def put_page(self) -> None:
        """The page, as `pulumi up` and `init` put it."""
        for file in page_files():
            kept = {"ContentType": file.body.content_type, "CacheControl": file.body.cache_control}
            self.put(file.name, file.body.data, **kept)


@dataclass(frozen=True)
class Shown:
    """The page of a channel, at one of the places where it is served."""

    url: str
    """Where the page opens."""
    channel: PublicChannel
    base: str
    """What clients are told to read."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the window, as `Chromium.visit` takes them."""


def public_channel(server: Server, bucket: str, *subdirs: str) -> PublicChannel:
    """A new public channel without packages, and its page."""
    server.client().create_bucket(Bucket=bucket)
    url = f"s3://{bucket}/{PREFIX}"
    create_channel(server, url, *(subdirs or ("noarch",)), visibility="public")
    made = PublicChannel(Place(server, bucket, url))
    made.allow(public=True)
    made.put_page()
    return made


def full_channel(server: Server, bucket: str, folder: Path) -> PublicChannel:
    """hello has three versions, of which one is patched; tool is in two subdirs, one of its files is yanked; sealed is
    signed. There is a snapshot of before that, and a notice.
    """
    made = public_channel(server, bucket, *SUBDIRS)
    place = made.place
    about = {
        "summary": "Says hello to whoever asks",
        "description": "A greeting for tests.\n\nIt has two paragraphs.",
        "license": "BSD-3-Clause",
        "homepage": "https://hello.example.com/",
    }
    sealed = make_package(folder, "sealed", "1.0", license="MIT")
    sealed.with_name(f"{sealed.name}.sigs").write_bytes(sidecar(bundle(sealed.name, sealed.read_bytes())))
    place.done(
        "publish",
        *(make_package(folder, "hello", version, **about) for version in ("1.0", "1.10", "1.9")),
        make_package(folder, "tool", "1.0", "h1_0", subdir="linux-64", depends=["hello"], license="Apache-2.0"),
        make_package(folder, "tool", "2.0", "h2_0", subdir="linux-64", depends=["hello >=1.9"], license="Apache-2.0"),
        make_package(folder, "tool", "2.0", "h3_0", subdir="osx-arm64", depends=["hello >=1.9"], license="Apache-2.0"),
        sealed,
    )
    place.done("snapshot create", SNAPSHOT)
    place.done("yank", "tool==1.0", "--reason", REASON)
    place.done("patch add", "hello==1.0", "--depends", "sealed >=1", "--reason", "it was left out")
    place.done("notice add", NOTICE, "--level", "warning")
    return made
