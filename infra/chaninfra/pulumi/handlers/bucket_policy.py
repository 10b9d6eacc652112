"""Our statements in the policy of a bucket: those that the state knows. All others are left alone."""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from chaninfra.channel.policy import merging
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.handlers.base import Difference, Operations, Props


class PolicyOperations(Operations):
    """Inputs: store, merging."""

    def diff(self, olds: Props, news: Props) -> Difference:
        """Policies are compared by what they mean.

        In a preview the statements are not known where a key that they name is yet to be made; then they change.
        """
        wanted = news["statements"]
        same = isinstance(wanted, list) and merging.equivalent(olds["statements"], wanted)
        plain = super().diff({**olds, "statements": None}, {**news, "statements": None})
        return Difference(plain.changes or not same, plain.replaces)

    def create(self, props: Props) -> tuple[str, Props]:
        """Puts our statements beside the others, and in place of those that say the same without our mark."""
        existing, ours = self._get(), props["statements"]
        self._put(merging.merge(existing, ours, merging.left_by_lost_state(existing, ours)))
        return f"{self.session.location.bucket}/policy", props

    def read(self, props: Props) -> Props | None:
        """Our statements as the store has them; those that mean the same read the same."""
        there = merging.with_sids_of(self._get(), props["statements"])
        if not there:
            return None
        return props if merging.equivalent(there, props["statements"]) else {**props, "statements": there}

    def update(self, olds: Props, news: Props) -> Props:
        """Puts the new statements in place of the old ones."""
        self._put(merging.merge(self._get(), news["statements"], olds["statements"]))
        return news

    def delete(self, props: Props) -> None:
        """Takes our statements out."""
        existing = self._get()
        if existing is not None:
            self._put(merging.merge(existing, [], props["statements"]))

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

    def _put(self, policy: dict[str, Any] | None) -> None:
        bucket = self.session.location.bucket
        with translating_errors(self.session.location, "write the policy of"):
            if policy is None:
                self.session.client.delete_bucket_policy(Bucket=bucket)
            else:
                self.session.client.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy, separators=(",", ":")))
