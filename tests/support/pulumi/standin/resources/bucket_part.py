"""What the types have in common that each hold one setting of a bucket."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import ProviderError, code, explained
from support.pulumi.standin.policies import as_written
from support.pulumi.standin.properties import Table
from support.pulumi.standin.values import Bag

from .resource import carried_over


@dataclass(frozen=True)
class BucketPart:
    token: str
    what: str
    """As the provider's errors call it."""
    table: Table
    class_name: str
    """Of the arguments, in pulumi_aws.s3."""
    absent: frozenset[str]
    """The error codes that mean that it is not there."""
    put: Callable[[Any, Bag, Bag], None]
    """(s3, the bucket's keyword arguments, inputs)"""
    get: Callable[[Any, Bag, type], Bag | None]
    """None, where it is not there and S3 makes no error of that."""
    remove: Callable[[Any, Bag, Bag], None]

    named_by: str = ""

    @property
    def arguments(self) -> type:
        return named(f"pulumi_aws.s3.{self.class_name}")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        if isinstance(inputs.get("policy"), dict):
            # pulumi-aws turns a policy written as an object into text.
            return {**inputs, "policy": json.dumps(inputs["policy"])}
        return inputs

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return inputs

    def create(self, aws: Aws, inputs: Bag) -> str:
        # CreateResourceID
        id_ = ",".join(filter(None, (inputs["bucket"], inputs.get("expectedBucketOwner"))))
        self._put("creating", aws, id_, inputs)
        return id_

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        region = state.get("region", aws.region)
        where = _where(id_)
        try:
            found = self.get(aws.client("s3", region), where, self.arguments)
        except ClientError as error:
            if code(error) in self.absent | {"NoSuchBucket"}:
                return None
            raise ProviderError(f"reading S3 Bucket {self.what} ({id_}): {explained(error)}") from error
        if found is None:
            return None
        if "policy" in found:
            found["policy"] = as_written(state.get("policy"), found["policy"])
        return {
            **carried_over(self.table, state),
            "bucket": where["Bucket"],
            "expectedBucketOwner": where.get("ExpectedBucketOwner"),
            "region": region,
            **found,
        }

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        self._put("updating", aws, id_, inputs)

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        try:
            self.remove(aws.client("s3", state["region"]), _where(id_), state)
        except ClientError as error:
            if code(error) not in self.absent | {"NoSuchBucket"}:
                raise ProviderError(f"deleting S3 Bucket ({id_}) {self.what}: {explained(error)}") from error

    def _put(self, doing: str, aws: Aws, id_: str, inputs: Bag) -> None:
        try:
            self.put(aws.client("s3", inputs.get("region")), _where(id_), inputs)
        except ClientError as error:
            raise ProviderError(f"{doing} S3 Bucket ({id_}) {self.what}: {explained(error)}") from error


def _where(id_: str) -> Bag:
    bucket, _, owner = id_.partition(",")
    return {"Bucket": bucket, **({"ExpectedBucketOwner": owner} if owner else {})}
