"""The look before the first step, in a preview too: nothing is made or changed that would later be refused.

A bucket that exists and is not in the state is an error that names `adopt`. A channel that holds packages is not left
behind by a changed bucket, prefix or list of channels.
"""

from __future__ import annotations

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import BucketMissingError, ChaninfraError, ConfigurationError, RefusedError
from chaninfra.channel.location import join
from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.text import count
from chaninfra.pulumi.handlers.base import Difference, Operations, Props
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import packages
from chaninfra.pulumi.handlers.destroy_guard import refuse_if_left

_REMEDY = (
    "change it back; to move a channel, publish its packages to the new one first, then set `force-destroy` to true, "
    "run `pulumi up`, and make the change"
)


class PreflightOperations(Operations):
    """Inputs: store, prefixes (of the channels), adopt, force-destroy."""

    def check(self, olds: Props, news: Props) -> tuple[str, str] | None:
        """Why the program may not go on, if so; that nothing is known of the bucket is such a reason."""
        try:
            if not olds or olds["store"]["bucket"] != news["store"]["bucket"]:
                self._refuse_bucket(news)
            else:
                self._refuse_other_terms(olds, news)
            if olds:
                self._refuse_to_leave(olds, news)
        except ChaninfraError as error:
            # No input is named, since the engine would print its value; the message says which key it is.
            return "", str(error)
        return None

    def diff(self, olds: Props, news: Props) -> Difference:
        """It is one thing whatever the bucket: never replaced."""
        return Difference(any(olds.get(name) != value for name, value in news.items() if not name.startswith("__")))

    def _refuse_bucket(self, news: Props) -> None:
        bucket = news["store"]["bucket"]
        there = exists(self.session)
        if there and not news["adopt"]:
            raise RefusedError(
                f"the bucket {bucket!r} exists already and is not in this stack's state",
                where="key adopt",
                remedy="to take it as it is, with what is in it, set `adopt` to true (pulumi config set adopt true); "
                "else choose another name",
            )
        if not there and news["adopt"]:
            raise RefusedError(
                f"there is no bucket {bucket!r} to adopt",
                where="key adopt",
                remedy="check `bucket` and `endpoint-url`, or set `adopt` to false and it is made",
            )

    def _refuse_other_terms(self, olds: Props, news: Props) -> None:
        if olds["adopt"] != news["adopt"]:
            raise RefusedError(
                f"the bucket {olds['store']['bucket']!r} was {'adopted' if olds['adopt'] else 'made by this stack'}; "
                "that cannot be changed afterwards",
                where="key adopt",
                remedy=f"set `adopt` back to {str(olds['adopt']).lower()}",
            )
        old, new = olds["store"]["endpoint-url"], news["store"]["endpoint-url"]
        if old != new and not self._is_ours(olds):
            raise RefusedError(
                f"the bucket {olds['store']['bucket']!r} at {new} is not the one that this stack has at {old}",
                where="key endpoint-url",
                remedy="set it back; a channel in another store needs another stack",
            )

    def _is_ours(self, olds: Props) -> bool:
        """Whether a channel.json that this stack wrote lies in the bucket at the new endpoint."""
        for prefix in olds["prefixes"]:
            key = join(prefix, CHANNEL_JSON)
            try:
                stored = self.session.objects.get(key)
                found = parse(stored.data, where=key) if stored else None
            except (BucketMissingError, ConfigurationError):
                continue
            if found and (found.prefix, found.endpoint_url) == (prefix, olds["store"]["endpoint-url"]):
                return True
        return False

    def _refuse_to_leave(self, olds: Props, news: Props) -> None:
        if olds["force-destroy"]:
            return
        bucket = olds["store"]["bucket"]
        moved = bucket != news["store"]["bucket"]
        # Where the bucket stays, by the new way there; the one in the state may be closed.
        session = self.session.at(olds["store"]) if moved else self.session
        for prefix in olds["prefixes"]:
            if not moved and prefix in news["prefixes"]:
                continue
            try:
                number = packages(session, prefix)
            except BucketMissingError:
                return
            if number:
                raise RefusedError(
                    f"{count(number, 'package')} in s3://{join(bucket, prefix)} would be left behind by the changed "
                    "bucket, prefix or list of channels",
                    remedy=_REMEDY,
                )
        if moved and not olds["adopt"]:
            # The bucket would be deleted, and its guard would refuse that when the new one is made already.
            refuse_if_left(session, olds["prefixes"], _REMEDY)
