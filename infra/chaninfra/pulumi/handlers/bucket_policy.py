"""Our statements in a bucket policy: those in the state, known by their Sids. Statements of others are not touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NotRequired, TypedDict

from botocore.exceptions import ClientError

from chaninfra.channel.errors import StorageError
from chaninfra.channel.policy import merging
from chaninfra.channel.policy.statements import BUCKET_OWNER, Statement
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Difference, Handler
from chaninfra.pulumi.handlers.kept import change_and_read_back


class BucketPolicyInputs(TypedDict):
    """`statements` are ours alone; `provider` is the name of the store's row in PROVIDERS, old states lack it."""

    store: StoreInput
    statements: list[Statement]
    provider: NotRequired[str]


class BucketPolicyHandler(Handler[BucketPolicyInputs, BucketPolicyInputs]):
    """Merges our statements into the bucket's policy, and reads it back: see `kept`."""

    def diff(self, olds: BucketPolicyInputs, news: BucketPolicyInputs) -> Difference:
        """Statements are compared by their meaning, since stores rewrite them.

        In a preview they are unknown if they name an access key that is not made yet; then they count as changed.
        """
        wanted: object = news["statements"]
        same = isinstance(wanted, list) and merging.equivalent(olds["statements"], wanted)
        plain = self.difference(olds, news, ignore=("statements", "provider"))
        return Difference(plain.changes or not same, plain.replaces)

    def create(self, props: BucketPolicyInputs) -> tuple[str, BucketPolicyInputs]:
        """Adds our statements. Those of a stack whose state was lost are replaced, see `merging.left_by_lost_state`."""
        ours = self._named(props["statements"])
        self._merge(props, ours, lambda existing: merging.left_by_lost_state(existing, ours))
        return f"{self.session.location.bucket}/policy", props

    def read(self, props: BucketPolicyInputs) -> BucketPolicyInputs | None:
        """Our statements as the store has them, in our spelling if the meaning is the same; None if all are missing."""
        actual = merging.with_sids_of(self._get(), props["statements"])
        if not actual:
            return None
        as_declared = merging.equivalent(actual, self._named(props["statements"]))
        return props if as_declared else {**props, "statements": actual}

    def update(self, olds: BucketPolicyInputs, news: BucketPolicyInputs) -> BucketPolicyInputs:
        """Replaces the old statements by the new ones."""
        self._merge(news, self._named(news["statements"]), lambda _: olds["statements"])
        return news

    def delete(self, props: BucketPolicyInputs) -> None:
        """Removes our statements; deletes the policy if no other is left."""
        if self._get() is not None:
            self._merge(props, [], lambda _: props["statements"])

    def _named(self, statements: list[Statement]) -> list[Statement]:
        """The statements with the bucket's owner instead of its placeholder. The ARN is that of Ceph's users."""
        text = json.dumps(statements)
        if f'"{BUCKET_OWNER}"' not in text:
            return statements
        with translating_errors(self.session.location, "read the owner of"):
            owner = self.session.client.get_bucket_acl(Bucket=self.session.location.bucket)["Owner"]["ID"]
        tenant, _, user = owner.rpartition("$")
        named: list[Statement] = json.loads(
            text.replace(f'"{BUCKET_OWNER}"', json.dumps(f"arn:aws:iam::{tenant}:user/{user}"))
        )
        return named

    def _merge(
        self,
        props: BucketPolicyInputs,
        ours: list[Statement],
        before: Callable[[dict[str, Any] | None], list[Statement]],
    ) -> None:
        """Replaces our statements of `before`, given the policy that is there, by `ours`; reads the policy again before
        each attempt, since somebody else may have changed it too."""
        replaced: list[Statement] = []

        def change() -> None:
            existing = self._get()
            replaced[:] = before(existing)
            self._put(merging.merge(existing, ours, replaced), props.get("provider"))

        def is_there() -> bool:
            # Those that are gone must be gone too.
            return merging.equivalent(merging.with_sids_of(self._get(), [*ours, *replaced]), ours)

        change_and_read_back(self.session.location, "policy", change, is_there)

    def _get(self) -> dict[str, Any] | None:
        with translating_errors(self.session.location, "read the policy of"):
            try:
                answer = self.session.client.get_bucket_policy(Bucket=self.session.location.bucket)
            except ClientError as error:
                if code_and_status(error)[0] in ("NoSuchBucketPolicy", "NoSuchBucket"):
                    return None
                raise
        policy: dict[str, Any] = json.loads(answer["Policy"])
        return policy

    def _put(self, policy: dict[str, Any] | None, provider: str | None) -> None:
        bucket = self.session.location.bucket
        text = None if policy is None else json.dumps(policy, separators=(",", ":"))
        try:
            with translating_errors(self.session.location, "write the policy of"):
                if text is None:
                    self.session.client.delete_bucket_policy(Bucket=bucket)
                else:
                    self.session.client.put_bucket_policy(Bucket=bucket, Policy=text)
        except StorageError as error:
            in_a_file = provider is not None and PROVIDERS[provider].policy_place.value == "file-attribute"
            if text is None or not in_a_file or (error.status or 0) < 500:
                raise
            raise StorageError(
                f"{error.message}; it keeps the policy of a bucket as an attribute of a file, and this one has "
                f"{len(text):,} bytes, of which ext4 takes less than 4 KiB",
                where=error.where,
                remedy="if its files are on ext4, use a file system whose attributes are larger, such as XFS; or make "
                "the policy shorter, by shorter names of bucket and channels, fewer `publishers`, `readers`, "
                "`maintainers` and `promoters`, or fewer channels and subdirs",
                code=error.code,
                status=error.status,
            ) from error
