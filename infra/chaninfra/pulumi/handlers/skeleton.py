"""The index files of a channel, by the rule of `channel.conda.skeleton`: what is there is never overwritten."""

from __future__ import annotations

from chaninfra.channel.conda.layout import ChannelLayout, dropped_keys, index_keys, own_keys, package_keys
from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.conda.skeleton import ensure, present
from chaninfra.channel.errors import BucketMissingError, RefusedError
from chaninfra.channel.location import join
from chaninfra.channel.text import count
from chaninfra.pulumi.handlers.base import Difference, Operations, Props, warn
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import is_blank, packages, purge


class SkeletonOperations(Operations):
    """Inputs: store, prefix, subdirs, index, adopt, force-destroy. Output: files, the index files that are there.

    The channel.json is the descriptor's to write and to delete.
    """

    identity = ("prefix",)

    def diff(self, olds: Props, news: Props) -> Difference:
        """What changed in the declaration, and what `refresh` found missing."""
        plain = super().diff({**olds, "files": None}, {**news, "files": None})
        missing = set(index_keys(_layout(news))) - set(olds["files"] or ())
        return Difference(plain.changes or bool(missing), plain.replaces)

    def create(self, props: Props) -> tuple[str, Props]:
        """Writes what is missing."""
        written = ensure(self.session.objects, _layout(props))
        for subdir in written.to_reindex:
            warn(
                f"{subdir} has packages but no repodata.json, so it was left alone; "
                f"run `chaninfra reindex s3://{self.session.location.bucket}/{props['prefix']}`"
            )
        return f"{self.session.location.bucket}/{props['prefix']}", self._outputs(props)

    def read(self, props: Props) -> Props | None:
        """The files that are there now; a missing one is drift, and `up` writes it again."""
        try:
            return self._outputs(props)
        except BucketMissingError:
            return None

    def update(self, olds: Props, news: Props) -> Props:
        """Writes what is missing, and deletes derived files of a format that was taken away; the files of a subdir that
        was taken from the list stay."""
        for subdir in olds["subdirs"]:
            if subdir not in news["subdirs"]:
                warn(f"{subdir} was taken from `subdirs`; its files stay, and clients that know it still see them")
        self.session.objects.delete(dropped_keys(_layout(olds), _layout(news)))
        return self.create(news)[1]

    def delete(self, props: Props) -> None:
        """Deletes the channel's files; packages only when forced, and an adopted channel only when it is blank."""
        if not exists(self.session):
            return
        prefix = props["prefix"]
        if props["adopt"]:
            if is_blank(self.session, prefix):
                purge(self.session, prefix, lambda keys: _own(keys, prefix))
            return
        number = packages(self.session, prefix)
        if number and not props["force-destroy"]:
            raise RefusedError(
                f"{count(number, 'package')} in s3://{self.session.location.bucket}/{prefix}",
                remedy="set `force-destroy` to true and run `pulumi up` first",
            )
        # Not all that is below the prefix: another channel may have come to lie there. The rest goes with the bucket.
        purge(self.session, prefix, lambda keys: [*_own(keys, prefix), *package_keys(keys, prefix)])

    def _outputs(self, props: Props) -> Props:
        return {**props, "files": list(present(self.session.objects, _layout(props)))}


def _own(keys: list[str], prefix: str) -> list[str]:
    # Of two who delete the versions of an object at once, some stores tell one that there is none.
    return [key for key in own_keys(keys, prefix) if key != join(prefix, CHANNEL_JSON)]


def _layout(props: Props) -> ChannelLayout:
    return ChannelLayout.of(props["prefix"], props["subdirs"], props["index"])
