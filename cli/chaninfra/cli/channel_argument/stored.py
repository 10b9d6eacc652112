"""The channel.json in a bucket."""

from __future__ import annotations

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import Descriptor, NewerDescriptorError, parse
from chaninfra.channel.text import or_else
from chaninfra.index.channel import Channel

_read_with_a_key: set[str] = set()
"""The s3:// URLs of channels whose channel.json this process has read with the user's credentials."""
_PAGE_BEGINS = 100
_PAGES = (b"<!doctype html", b"<html")


def names_are_right() -> bool:
    """Whether the bucket and the prefix of CHANNEL are known to be right: channel.json was read with the credentials
    that all else is done with.
    """
    return bool(_read_with_a_key)


def read_channel_json(channel: Channel) -> Descriptor | None:
    """The descriptor in the bucket, or None if the store says that there is no channel.json.

    Raises StorageError; NotS3Error for a web page; ConfigurationError for any other document that is none.
    """
    stored = channel.store().get(channel.descriptor.key(CHANNEL_JSON))
    if stored is None:
        return None
    if stored.data[:_PAGE_BEGINS].lstrip().lower().startswith(_PAGES):
        from chaninfra.channel.s3.error_codes import not_s3

        raise not_s3(channel.descriptor.location, "the answer was a web page")
    if channel.credentials is not None:
        _read_with_a_key.add(channel.url())
    try:
        return parse(stored.data, where=channel.url(CHANNEL_JSON))
    except NewerDescriptorError:
        raise
    except ConfigurationError as error:
        # Without a key the remedy is about a file that somebody gave.
        error.remedy = or_else(error.remedy if error.key else None, "run `chaninfra doctor`, which says how to fix it")
        raise
