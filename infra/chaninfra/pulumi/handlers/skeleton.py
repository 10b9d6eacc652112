"""The empty index files of a new channel. Existing files are never overwritten, see `channel.conda.skeleton`."""

from __future__ import annotations

import shlex
from typing import Any, TypedDict

from chaninfra.channel.conda.layout import (
    ChannelLayout,
    index_keys,
    own_keys,
    package_keys,
    unwritten_keys,
)
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.skeleton import existing_index_keys, write_missing
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import BucketMissingError, RefusedError
from chaninfra.channel.location import join
from chaninfra.channel.text import count
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Difference, Handler, warn
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import WITH_PACKAGES, is_blank, own_files, packages, purge, purge_page

SkeletonInputs = TypedDict(
    "SkeletonInputs",
    {
        "store": StoreInput,
        "prefix": str,
        "subdirs": list[Subdir],
        # compression-level and cache-control of IndexSettings, and its formats, which say which files there are.
        "index": dict[str, Any],
        "adopt": bool,
        "force-destroy": bool,
    },
)


class SkeletonOutputs(SkeletonInputs):
    """`files`: the object keys of the declared index files that exist."""

    files: list[str]


class SkeletonHandler(Handler[SkeletonInputs, SkeletonOutputs]):
    """Writes missing index files, and deletes the channel's files. The DescriptorHandler does so for channel.json."""

    identity = ("prefix",)

    def diff(self, olds: SkeletonOutputs, news: SkeletonInputs) -> Difference:
        """Changed inputs, and index files that a refresh found missing."""
        plain = self.difference(olds, news, ignore=("files",))
        missing = set(index_keys(_layout(news))) - set(olds["files"] or ())
        return Difference(plain.changes or bool(missing), plain.replaces)

    def create(self, props: SkeletonInputs) -> tuple[str, SkeletonOutputs]:
        """Writes the missing index files."""
        written = write_missing(self.session.objects, _layout(props))
        for subdir in written.to_reindex:
            warn(
                f"{subdir} has packages or a part of an index, and the files that are missing can only be made from "
                f"these. Run `{self._command('reindex', props)}`"
            )
        return f"{self.session.location.bucket}/{props['prefix']}", self._outputs(props)

    def read(self, props: SkeletonOutputs) -> SkeletonOutputs | None:
        """The index files that exist; None if the bucket is missing. `pulumi up` writes missing files again."""
        try:
            return self._outputs(props)
        except BucketMissingError:
            return None

    def update(self, olds: SkeletonOutputs, news: SkeletonInputs) -> SkeletonOutputs:
        """Writes missing index files. Nothing is deleted: neither the files of a removed subdir nor index files that no
        writer updates any more."""
        for subdir in olds["subdirs"]:
            if subdir not in news["subdirs"]:
                warn(f"{subdir} was removed from `subdirs`; its files stay, and clients can still read them")
        unwritten = set(unwritten_keys(_layout(news))) - set(unwritten_keys(_layout(olds)))
        if unwritten:
            names = sorted({key.rpartition("/")[2] for key in unwritten})
            warn(
                f"nothing updates {' and '.join(names)} any more, and clients that read them see an old "
                f"index. Run `{self._command('gc', news)}` as a maintainer to delete them"
            )
        return self.create(news)[1]

    def delete(self, props: SkeletonOutputs) -> None:
        """Deletes the channel's files; packages only with `force-destroy`, and an adopted channel only if blank."""
        if not exists(self.session):
            return
        prefix = props["prefix"]
        if props["adopt"]:
            if is_blank(self.session, prefix):
                purge(self.session, prefix, lambda keys: _without_descriptor(own_keys(keys, prefix), prefix))
                purge_page(self.session, prefix)
            return
        number = packages(self.session, prefix)
        if number and not props["force-destroy"]:
            raise RefusedError(
                f"the channel has {count(number, 'package')}",
                where=f"s3://{join(self.session.location.bucket, prefix)}",
                remedy=f"its files stay. {WITH_PACKAGES}",
            )
        # Not everything below the prefix, since another channel may be there. The rest is deleted with the bucket.
        purge(self.session, prefix, lambda keys: [*self._own(keys, prefix), *package_keys(keys, prefix)])

    def _command(self, name: str, props: SkeletonInputs) -> str:
        """A command for this channel, with the store options that say where it is: whoever runs it may be anywhere."""
        location = self.session.location
        words = ["chaninfra", name, f"s3://{join(location.bucket, props['prefix'])}"]
        words += ["--endpoint-url", location.endpoint_url, "--region", location.region]
        return shlex.join([*words, "--addressing-style", location.addressing_style])

    def _outputs(self, props: SkeletonInputs) -> SkeletonOutputs:
        return {**props, "files": list(existing_index_keys(self.session.objects, _layout(props)))}

    def _own(self, keys: list[str], prefix: str) -> list[str]:
        """The keys of the channel's files but for packages and channel.json."""
        return _without_descriptor(own_files(self.session, keys, prefix), prefix)


def _without_descriptor(keys: list[str], prefix: str) -> list[str]:
    """The keys without that of channel.json: if two handlers deleted the versions of one object at the same time, some
    stores would answer one of them with an error."""
    return [key for key in keys if key != join(prefix, CHANNEL_JSON)]


def _layout(props: SkeletonInputs) -> ChannelLayout:
    index = {key: value for key, value in props["index"].items() if key != "formats"}
    # Up to version 0.3 json was always among the formats, and zst and shards could be left out.
    formats = props["index"]["formats"]
    index["monolith"] = "each-commit" if "json" in formats else "never"
    if "run_exports" in formats:
        index["run-exports"] = True
    return ChannelLayout.of(props["prefix"], props["subdirs"], index)
