"""aws:cloudfront/function:Function."""

from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import code, reported
from support.pulumi.standin.properties import Table
from support.pulumi.standin.values import Bag

from .cloudfront_table import FUNCTION
from .names import with_name
from .resource import carried_over


@dataclass(frozen=True)
class Function:
    token: str = "aws:cloudfront/function:Function"
    named_by: str = "name"

    @property
    def table(self) -> Table:
        return FUNCTION

    @property
    def arguments(self) -> type:
        return named("pulumi_aws.cloudfront.FunctionArgs")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        # There is no prefix.
        return with_name(inputs, old, ("name", "name"), name, 64)

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return inputs

    def create(self, aws: Aws, inputs: Bag) -> str:
        client, name = aws.client("cloudfront"), str(inputs["name"])
        with reported(f"creating CloudFront Function ({name})", "CloudFront"):
            made = client.create_function(Name=name, **_settings(inputs))
            _publish(client, name, made["ETag"], inputs)
        return name

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        client = aws.client("cloudfront")
        with reported(f"reading CloudFront Function ({id_})", "CloudFront"):
            found = _described(client, id_, "DEVELOPMENT")
            if found is None:
                return None
            source = client.get_function(Name=id_, Stage="DEVELOPMENT")["FunctionCode"].read()
            live = _described(client, id_, "LIVE")
        summary = found["FunctionSummary"]
        return {
            **carried_over(FUNCTION, state),
            "name": id_,
            "arn": summary["FunctionMetadata"]["FunctionARN"],
            "code": source.decode(),
            "comment": summary["FunctionConfig"]["Comment"],
            "runtime": summary["FunctionConfig"]["Runtime"],
            "status": summary["Status"],
            "etag": found["ETag"],
            "liveStageEtag": live["ETag"] if live else "",
        }

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        client = aws.client("cloudfront")
        with reported(f"updating CloudFront Function ({id_})", "CloudFront"):
            changed = client.update_function(Name=id_, IfMatch=state["etag"], **_settings(inputs))
            _publish(client, id_, changed["ETag"], inputs)

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        with reported(f"deleting CloudFront Function ({id_})", "CloudFront"):
            try:
                aws.client("cloudfront").delete_function(Name=id_, IfMatch=state["etag"])
            except ClientError as error:
                if code(error) != "NoSuchFunctionExists":
                    raise


def _settings(inputs: Bag) -> Bag:
    config = {"Comment": inputs.get("comment", ""), "Runtime": inputs["runtime"]}
    return {"FunctionConfig": config, "FunctionCode": inputs["code"].encode()}


def _publish(client: Any, name: str, etag: str, inputs: Bag) -> None:
    if inputs.get("publish", FUNCTION["publish"].default):
        client.publish_function(Name=name, IfMatch=etag)


def _described(client: Any, name: str, stage: str) -> Any:
    """None if it is not there."""
    try:
        return client.describe_function(Name=name, Stage=stage)
    except ClientError as error:
        if code(error) != "NoSuchFunctionExists":
            raise
        return None
