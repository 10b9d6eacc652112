"""The look before the first step: nothing is made or changed that would later be refused.

A bucket that exists and is not in the state is an error that names `adopt`. A channel that holds packages is not left
behind by a changed bucket, prefix or list of channels.
"""

from __future__ import annotations

from chaninfra.channel.errors import BucketMissingError, RefusedError
from chaninfra.channel.skeleton import packages
from chaninfra.channel.text import count
from chaninfra.pulumi.resources.base import Difference, Operations, Props
from chaninfra.pulumi.resources.bucket import exists


class PreflightOperations(Operations):
    """Inputs: store, prefixes (channel name by prefix), adopt, force-destroy."""

    def check(self, olds: Props, news: Props) -> tuple[str, str] | None:
        """Whether the bucket may be made or adopted."""
        bucket = news["store"]["bucket"]
        if olds and olds["store"]["bucket"] == bucket:
            return None
        there = exists(self.session)
        if there and not news["adopt"]:
            return "adopt", (
                f"the bucket {bucket!r} exists already and is not in this stack's state. To take it as it is, with "
                "what is in it, set `adopt` to true (pulumi config set adopt true); else choose another name"
            )
        if not there and news["adopt"]:
            return "adopt", f"there is no bucket {bucket!r} to adopt. Set `adopt` to false and it is made"
        return None

    def diff(self, olds: Props, news: Props) -> Difference:
        """Refuses what would leave packages behind."""
        moved = olds["store"]["bucket"] != news["store"]["bucket"]
        if not moved and olds["adopt"] != news["adopt"]:
            raise RefusedError(
                f"the bucket {olds['store']['bucket']!r} was {'adopted' if olds['adopt'] else 'made by this stack'}; "
                "that cannot be changed afterwards",
                where="key adopt",
                remedy=f"set `adopt` back to {str(olds['adopt']).lower()}",
            )
        left = [prefix for prefix in olds["prefixes"] if moved or prefix not in news["prefixes"]]
        if left and not olds["force-destroy"]:
            self._refuse_to_leave(left)
        return Difference(any(olds.get(name) != value for name, value in news.items() if not name.startswith("__")))

    def _refuse_to_leave(self, prefixes: list[str]) -> None:
        bucket = self.session.location.bucket
        for prefix in prefixes:
            try:
                number = packages(self.session.objects, prefix)
            except BucketMissingError:
                return
            if number:
                raise RefusedError(
                    f"{count(number, 'package')} in s3://{bucket}/{prefix} would be left behind by the changed "
                    "bucket, prefix or list of channels",
                    remedy="change it back; to move a channel, publish its packages to the new one first, then set "
                    "`force-destroy` to true, run `pulumi up`, and make the change",
                )
