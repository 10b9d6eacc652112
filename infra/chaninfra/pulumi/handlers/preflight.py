"""The check before all other resources, in a preview too, so that nothing is changed if the rest would be refused.

It refuses a bucket that exists and is not in the state (the remedy is `adopt`), a new channel inside or around another
one, and every change after which packages would be deleted with their bucket or left behind: see `left_bucket` for what
makes it another bucket.
"""

from __future__ import annotations

from functools import partial
from typing import NotRequired, TypedDict, cast

from chaninfra.channel.conda.object_names import CHANNEL_JSON
from chaninfra.channel.errors import BucketMissingError, ChaninfraError, ConfigurationError, RefusedError
from chaninfra.channel.location import join
from chaninfra.channel.outputs.descriptor import parse
from chaninfra.channel.place import Bucket, refuse_nested
from chaninfra.channel.text import count
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.handlers.base import Difference, Handler, differ
from chaninfra.pulumi.handlers.bucket import exists, taken
from chaninfra.pulumi.handlers.deletion import own_files, packages, purge
from chaninfra.pulumi.handlers.destroy_guard import DestroyGuardInputs, refuse_unless_empty
from chaninfra.pulumi.handlers.left_bucket import Left, left_bucket, on_aws_itself

_ProviderRegion = TypedDict("_ProviderRegion", {"provider-region": NotRequired[object]})


class PreflightInputs(DestroyGuardInputs, _ProviderRegion):
    """`provider-region`: the region of the AWS provider that a program gave the component. It is only checked."""


class PreflightOutputs(PreflightInputs):
    """`account`: the AWS account of whoever last changed the stack. Missing on other stores, if STS did not answer, and
    in old states."""

    account: NotRequired[str | None]


_REMEDY = (
    "undo the change; to move a channel, publish its packages to the new one first, then set `force-destroy` to true, "
    "run `pulumi up`, and change it again"
)


class PreflightHandler(Handler[PreflightInputs, PreflightOutputs]):
    """Refuses a declaration before any change. It has nothing in the store itself."""

    def check(self, olds: PreflightOutputs, news: PreflightInputs) -> tuple[str, str] | None:
        """Why the declaration is refused; an unreachable bucket is a reason too."""
        try:
            self._check_provider(news)
            if not olds:
                self._check_new_bucket(news)
                self._check_new_channels([], news["prefixes"])
            else:
                self._check_change(olds, news)
        except ChaninfraError as error:
            # No input is named, since the engine would print its value. The message names the key.
            return "", error.for_stack()
        return None

    def diff(self, olds: PreflightOutputs, news: PreflightInputs) -> Difference:
        """Never a replacement: there is one preflight, whatever the bucket."""
        return Difference(differ(olds, news, ignore=("provider-region",)))

    def create(self, props: PreflightInputs) -> tuple[str, PreflightOutputs]:
        """Remembers the account."""
        return self.session.location.bucket, self._outputs(props)

    def update(self, olds: PreflightOutputs, news: PreflightInputs) -> PreflightOutputs:
        """Remembers the account; deletes the index files in a bucket that Pulumi will delete and make again.

        The other resources keep their place in the state then, so that none of them would delete its files, and a
        bucket that is not empty cannot be deleted. With `force-destroy` Pulumi empties it.
        """
        if olds["store"]["bucket"] == news["store"]["bucket"] and not olds["force-destroy"]:
            left = left_bucket(self.session, olds, news)
            if left is not None and not olds["adopt"]:
                for prefix in olds["prefixes"]:
                    purge(left.session, prefix, partial(own_files, left.session, prefix=prefix))
        return self._outputs(news, olds.get("account"))

    def _outputs(self, props: PreflightInputs, known: str | None = None) -> PreflightOutputs:
        account = self.session.account or known
        return cast("PreflightOutputs", props if account is None else {**props, "account": account})

    def _check_provider(self, news: PreflightInputs) -> None:
        given, wanted = news.get("provider-region"), news["store"]["region"]
        # In a preview it may be unknown.
        if isinstance(given, str) and given != wanted:
            raise RefusedError(
                f"the aws.Provider is of {given}, and the bucket of {wanted}: pulumi-aws would make it in {given}, and "
                f"delete one in {wanted} for it",
                where="key region",
                remedy="give the component and its aws.Provider the same region",
            )

    def _check_new_bucket(self, news: PreflightInputs) -> None:
        bucket = news["store"]["bucket"]
        there = exists(self.session)
        if there and not news["adopt"]:
            raise taken(bucket)
        if not there and news["adopt"]:
            raise RefusedError(
                f"there is no bucket {bucket!r} to adopt",
                where="key adopt",
                remedy="check `bucket` and `endpoint-url`, or set `adopt` to false to create the bucket",
            )

    def _check_change(self, olds: PreflightOutputs, news: PreflightInputs) -> None:
        self._check_account(olds)
        moved = olds["store"]["bucket"] != news["store"]["bucket"]
        if moved:
            self._check_new_bucket(news)
        else:
            self._check_adopt(olds, news)
        left = left_bucket(self.session, olds, news)
        if left is None:
            self._check_reached(olds, news)
        elif left.key == "provider" and exists(self.session):
            raise RefusedError(
                f"the bucket {news['store']['bucket']!r} was made as one of another kind of store; it exists, and the "
                "provider cannot be changed under it",
                where="key provider",
                remedy="set `provider` back; to go on with another provider, declare the bucket in another stack with "
                "`adopt`",
            )
        self._check_left_behind(olds, news, left)
        if moved or left is None:
            self._check_new_channels([] if moved else olds["prefixes"], news["prefixes"])

    def _check_new_channels(self, before: list[str], after: list[str]) -> None:
        """Raises if a channel that is not made yet would lie inside or around another one in the bucket.

        `before` and `after`: the prefixes of this stack's channels in it. One with a channel.json is not new: its stack
        may have lost its state.
        """
        new = [prefix for prefix in after if prefix not in before]
        if not new or not exists(self.session):
            return
        session = self.session
        bucket = Bucket(location=session.location, store=session.objects, client=lambda: session.client)
        for prefix in new:
            if session.objects.head(join(prefix, CHANNEL_JSON)) is None:
                refuse_nested(bucket, prefix, leaving={*before} - {*after})

    def _check_account(self, olds: PreflightOutputs) -> None:
        before = olds.get("account")
        now = self.session.account if before else None
        if before and now and before != now:
            raise RefusedError(
                f"these credentials are of the AWS account {now}, and this stack's resources are in {before}",
                where="key profile",
                remedy=f"use credentials of {before} (`profile`, `aws:profile`, AWS_PROFILE, AWS_ACCESS_KEY_ID); a "
                "channel in another account needs another stack",
            )

    def _check_adopt(self, olds: PreflightOutputs, news: PreflightInputs) -> None:
        if olds["adopt"] != news["adopt"]:
            origin = "adopted" if olds["adopt"] else "created by this stack"
            raise RefusedError(
                f"the bucket {olds['store']['bucket']!r} was {origin}; this cannot be changed later",
                where="key adopt",
                remedy=f"set `adopt` back to {str(olds['adopt']).lower()}",
            )

    def _check_reached(self, olds: PreflightOutputs, news: PreflightInputs) -> None:
        """Raises if the new inputs do not reach this stack's bucket."""
        before, now = olds["store"], news["store"]
        old, new = before["endpoint-url"], now["endpoint-url"]
        if old == new or (on_aws_itself(before) and on_aws_itself(now)):
            if differ(before, now):
                # Another region, profile or addressing may not work at this store.
                exists(self.session)
        elif not self._is_same_channel(olds):
            raise RefusedError(
                f"the bucket {before['bucket']!r} at {new} is not this stack's bucket at {old}",
                where="key endpoint-url",
                remedy="set it back; a channel in another store needs another stack",
            )

    def _is_same_channel(self, olds: PreflightOutputs) -> bool:
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

    def _check_left_behind(self, olds: PreflightOutputs, news: PreflightInputs, left: Left | None) -> None:
        if olds["force-destroy"]:
            return
        # A bucket that stays is reached by the new inputs: those in the state may no longer work.
        session: Session = left.session if left else self.session
        for prefix in olds["prefixes"]:
            if left is None and prefix in news["prefixes"]:
                continue
            try:
                number = packages(session, prefix)
            except BucketMissingError:
                return
            if number:
                lost = left.loses if left else "be left behind by the changed prefix or list of channels"
                raise RefusedError(
                    f"{count(number, 'package')} in s3://{join(olds['store']['bucket'], prefix)} would {lost}",
                    where=f"key {left.key}" if left else None,
                    remedy=_REMEDY,
                )
        if left is not None and not olds["adopt"]:
            # Pulumi would change other resources first, and then the guard or the bucket itself would refuse.
            refuse_unless_empty(session, olds["prefixes"], _REMEDY)
