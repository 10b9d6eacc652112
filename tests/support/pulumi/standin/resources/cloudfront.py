"""aws:cloudfront/originAccessControl:OriginAccessControl, cachePolicy:CachePolicy and
responseHeadersPolicy:ResponseHeadersPolicy.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import code, reported
from support.pulumi.standin.properties import Kind, Table
from support.pulumi.standin.values import Bag

from .cloudfront_table import CACHE_POLICY, CONTROL, HEADERS_POLICY
from .names import with_name
from .shapes import from_api, to_api


@dataclass(frozen=True)
class Configured:
    """A thing that is a name and a configuration: CloudFront's calls for it differ in the noun only."""

    noun: str
    what: str
    """As the provider's errors call it."""
    table: Table
    longest: int
    """Of names."""
    kind: str
    """In its ARN."""
    completed: Callable[[Bag], Bag] = lambda inputs: inputs
    """Sets in the inputs what the provider always sends."""
    named_by: str = "name"

    @property
    def token(self) -> str:
        return f"aws:cloudfront/{self.noun[0].lower()}{self.noun[1:]}:{self.noun}"

    @property
    def arguments(self) -> type:
        return named(f"pulumi_aws.cloudfront.{self.noun}Args")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        # There is no prefix.
        return with_name(inputs, old, ("name", "name"), name, self.longest)

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return inputs

    def create(self, aws: Aws, inputs: Bag) -> str:
        with reported(f"creating CloudFront {self.what} ({inputs['name']})", "CloudFront"):
            return str(self._call(aws, "create", **self._config(aws, inputs))[self.noun]["Id"])

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        with reported(f"reading CloudFront {self.what} ({id_})", "CloudFront"):
            try:
                found = self._call(aws, "get", Id=id_)
            except ClientError as error:
                if code(error) != f"NoSuch{self.noun}":
                    raise
                return None
        config: Bag = from_api(found[self.noun][f"{self.noun}Config"], (self.arguments,))
        arn = f"arn:{aws.partition().id}:cloudfront::{aws.caller()['Account']}:{self.kind}/{id_}"
        return {**config, "etag": found["ETag"], "arn": arn}

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        with reported(f"updating CloudFront {self.what} ({id_})", "CloudFront"):
            self._call(aws, "update", Id=id_, IfMatch=state["etag"], **self._config(aws, inputs))

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        with reported(f"deleting CloudFront {self.what} ({id_})", "CloudFront"):
            try:
                self._call(aws, "delete", Id=id_, IfMatch=state["etag"])
            except ClientError as error:
                if code(error) != f"NoSuch{self.noun}":
                    raise

    def _config(self, aws: Aws, inputs: Bag) -> Bag:
        settable = {name: entry for name, entry in self.table.items() if entry.kind is not Kind.COMPUTED}
        given = {name: inputs.get(name, entry.default) for name, entry in settable.items() if "." not in name}
        shape = aws.client("cloudfront").meta.service_model.shape_for(f"{self.noun}Config")
        wanted = self.completed({name: value for name, value in given.items() if value is not None})
        return {f"{self.noun}Config": _counted(to_api(wanted, shape))}

    def _call(self, aws: Aws, verb: str, **arguments: Any) -> Any:
        # boto3 has a method for each call, named in lower case with underscores.
        return getattr(aws.client("cloudfront"), f"{verb}_{self.kind.replace('-', '_')}")(**arguments)


def _counted(value: Any) -> Any:
    """CloudFront wants the length of every list beside it."""
    if not isinstance(value, dict):
        return value
    parts = {name: _counted(part) for name, part in value.items()}
    return {**parts, "Quantity": len(parts["Items"])} if "Items" in parts else parts


def _with_encodings(inputs: Bag) -> Bag:
    key = "parametersInCacheKeyAndForwardedToOrigin"
    encodings = {"enableAcceptEncodingBrotli": False, "enableAcceptEncodingGzip": False}
    return {**inputs, key: {**encodings, **inputs[key]}}


CONFIGURED = (
    Configured(
        noun="OriginAccessControl",
        what="Origin Access Control",
        table=CONTROL,
        longest=64,
        kind="origin-access-control",
    ),
    Configured(
        noun="CachePolicy",
        what="Cache Policy",
        table=CACHE_POLICY,
        longest=128,
        kind="cache-policy",
        completed=_with_encodings,
    ),
    Configured(
        noun="ResponseHeadersPolicy",
        what="Response Headers Policy",
        table=HEADERS_POLICY,
        longest=128,
        kind="response-headers-policy",
    ),
)
