"""The check before all other resources, in a preview too, so that nothing is changed if the rest would be refused.

It refuses a bucket that exists and is not in the state (the remedy is `adopt`), and a change of bucket, prefix or
channels that would leave packages behind.
"""

from __future__ import annotations

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import BucketMissingError, ChaninfraError, ConfigurationError, RefusedError
from chaninfra.channel.location import join
from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.text import count
from chaninfra.pulumi.handlers.base import Difference, Handler, differ
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import packages
from chaninfra.pulumi.handlers.destroy_guard import DestroyGuardInputs, refuse_unless_empty

PreflightInputs = DestroyGuardInputs

_REMEDY = (
    "undo the change; to move a channel, publish its packages to the new one first, then set `force-destroy` to true, "
    "run `pulumi up`, and change it again"
)


class PreflightHandler(Handler[PreflightInputs, PreflightInputs]):
    """Refuses a declaration before any change; it has nothing in the store itself."""

    def check(self, olds: PreflightInputs, news: PreflightInputs) -> tuple[str, str] | None:
        """Why the declaration is refused; an unreachable bucket is a reason too."""
        try:
            if not olds or olds["store"]["bucket"] != news["store"]["bucket"]:
                self._check_new_bucket(news)
            else:
                self._check_same_bucket(olds, news)
            if olds:
                self._check_left_behind(olds, news)
        except ChaninfraError as error:
            # No input is named, since the engine would print its value. The message names the key.
            return "", str(error)
        return None

    def diff(self, olds: PreflightInputs, news: PreflightInputs) -> Difference:
        """Never a replacement: there is one preflight, whatever the bucket."""
        return Difference(differ(olds, news))

    def _check_new_bucket(self, news: PreflightInputs) -> None:
        bucket = news["store"]["bucket"]
        there = exists(self.session)
        if there and not news["adopt"]:
            raise RefusedError(
                f"the bucket {bucket!r} already exists and is not in this stack's state",
                where="key adopt",
                remedy="to use it with its contents, set `adopt` to true (pulumi config set adopt true); otherwise "
                "choose another name",
            )
        if not there and news["adopt"]:
            raise RefusedError(
                f"there is no bucket {bucket!r} to adopt",
                where="key adopt",
                remedy="check `bucket` and `endpoint-url`, or set `adopt` to false to create the bucket",
            )

    def _check_same_bucket(self, olds: PreflightInputs, news: PreflightInputs) -> None:
        if olds["adopt"] != news["adopt"]:
            origin = "adopted" if olds["adopt"] else "created by this stack"
            raise RefusedError(
                f"the bucket {olds['store']['bucket']!r} was {origin}; this cannot be changed later",
                where="key adopt",
                remedy=f"set `adopt` back to {str(olds['adopt']).lower()}",
            )
        old, new = olds["store"]["endpoint-url"], news["store"]["endpoint-url"]
        if old != new and not self._is_same_channel(olds):
            raise RefusedError(
                f"the bucket {olds['store']['bucket']!r} at {new} is not this stack's bucket at {old}",
                where="key endpoint-url",
                remedy="set it back; a channel in another store needs another stack",
            )

    def _is_same_channel(self, olds: PreflightInputs) -> bool:
        """Whether the bucket at the new endpoint has a channel.json that this stack wrote at the old one."""
        for prefix in olds["prefixes"]:
            key = join(prefix, CHANNEL_JSON)
            try:
                stored = self.session.objects.get(key)
                descriptor = parse(stored.data, where=key) if stored else None
            except (BucketMissingError, ConfigurationError):
                continue
            if descriptor and (descriptor.prefix, descriptor.endpoint_url) == (prefix, olds["store"]["endpoint-url"]):
                return True
        return False

    def _check_left_behind(self, olds: PreflightInputs, news: PreflightInputs) -> None:
        if olds["force-destroy"]:
            return
        bucket = olds["store"]["bucket"]
        moved = bucket != news["store"]["bucket"]
        # A bucket that stays is reached by the new inputs: those in the state may no longer work.
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
            # Pulumi would create the new bucket first, and then the guard of the old one would refuse.
            refuse_unless_empty(session, olds["prefixes"], _REMEDY)
