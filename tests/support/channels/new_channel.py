"""A new channel without what `chaninfra init` finds out first, for tests of what comes after.

init looks whether other channels lie around the new one, and probes the store; that takes seconds. What it would find
on MinIO and versitygw is known: it is written to channel.json first, and `create`, which init calls, does the rest.
"""

from __future__ import annotations

from msgspec import structs

from chaninfra.channel.access import Visibility
from chaninfra.channel.conda.index_settings import ConditionalWrites
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.objects import ObjectBody
from chaninfra.channel.outputs.descriptor import CACHE_CONTROL, dump
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.cli.channel_argument.assumed import NewChannel, assume
from chaninfra.cli.channel_argument.parse import S3, parse_channel
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.index.channel import Channel
from chaninfra.index.create import create
from support.servers.s3_servers import Server

PROBED = ConditionalWrites(create=True, replace=True, multipart=True)
"""What the probe finds on MinIO and versitygw."""


def create_channel(
    server: Server, url: str, *subdirs: str, provider: str | None = None, visibility: Visibility = "private"
) -> None:
    """Create what `chaninfra init URL` does with `--subdir` for each of `subdirs`, `--provider` and `--visibility`."""
    place = parse_channel(url)
    assert isinstance(place, S3), url
    flags = StoreFlags(provider=provider, endpoint_url=server.endpoint_url, region=server.region)
    assumed = assume(place, flags, NewChannel(subdirs=subdirs, visibility=visibility))
    descriptor = structs.replace(assumed, index=structs.replace(assumed.index, conditional_writes=PROBED))
    keys = Credentials(server.access_key_id, server.secret_access_key)
    channel = Channel(descriptor=descriptor, credentials=keys)
    body = ObjectBody(data=dump(descriptor), content_type="application/json", cache_control=CACHE_CONTROL)
    channel.store().put(descriptor.key(CHANNEL_JSON), body)
    made = create(channel, None, _probe)
    assert not made.to_reindex, made


def _probe() -> ConditionalWrites:
    raise AssertionError("the result of the probe is known")
