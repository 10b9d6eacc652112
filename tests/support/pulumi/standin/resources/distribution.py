"""aws:cloudfront/distribution:Distribution."""

import secrets
import time
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from support.pulumi.standin.aws import Aws
from support.pulumi.standin.classes import named
from support.pulumi.standin.errors import ProviderError, code, reported
from support.pulumi.standin.properties import Table
from support.pulumi.standin.values import Bag

from .cloudfront_table import DISTRIBUTION
from .distribution_config import expanded, flattened
from .resource import carried_over
from .tags import own_tags, to_list, to_map, with_all_tags

# CloudFrontDistributionHostedZoneID in the provider's conns.
_ZONES = {"aws": "Z2FDTNDATAQYW2", "aws-cn": "Z3RFFRIM2A3IF5"}


@dataclass(frozen=True)
class Distribution:
    token: str = "aws:cloudfront/distribution:Distribution"
    named_by: str = ""

    @property
    def table(self) -> Table:
        return DISTRIBUTION

    @property
    def arguments(self) -> type:
        return named("pulumi_aws.cloudfront.DistributionArgs")

    def prepared(self, inputs: Bag, old: Bag, name: str) -> Bag:
        return inputs

    def planned(self, aws: Aws, inputs: Bag) -> Bag:
        return with_all_tags(aws, inputs)

    def create(self, aws: Aws, inputs: Bag) -> str:
        config = {**expanded(inputs), "CallerReference": f"stand-in-{secrets.token_hex(8)}"}
        tags = {"Items": to_list(self.planned(aws, inputs)["tagsAll"])}
        with reported("creating CloudFront Distribution", "CloudFront"):
            made = aws.client("cloudfront").create_distribution_with_tags(
                DistributionConfigWithTags={"DistributionConfig": config, "Tags": tags}
            )
        id_ = str(made["Distribution"]["Id"])
        _wait(aws, id_, inputs)
        return id_

    def read(self, aws: Aws, id_: str, state: Bag) -> Bag | None:
        with reported(f"reading CloudFront Distribution ({id_})", "CloudFront"):
            found = _get(aws, id_)
            if found is None:
                return None
            distribution = found["Distribution"]
            tags = aws.client("cloudfront").list_tags_for_resource(Resource=distribution["ARN"])["Tags"]["Items"]
        return {
            **carried_over(DISTRIBUTION, state),
            **flattened(distribution["DistributionConfig"]),
            "arn": distribution["ARN"],
            "domainName": distribution["DomainName"],
            "etag": found["ETag"],
            "hostedZoneId": _ZONES.get(aws.partition().id),
            "inProgressValidationBatches": distribution["InProgressInvalidationBatches"],
            "lastModifiedTime": distribution["LastModifiedTime"].strftime("%Y-%m-%d %H:%M:%S %z UTC"),
            "status": distribution["Status"],
            **own_tags(aws, to_map(tags), state),
        }

    def update(self, aws: Aws, id_: str, state: Bag, inputs: Bag) -> None:
        cloudfront = aws.client("cloudfront")
        config = {**expanded(inputs), "CallerReference": state["callerReference"]}
        with reported(f"updating CloudFront Distribution ({id_})", "CloudFront"):
            try:
                cloudfront.update_distribution(Id=id_, IfMatch=state["etag"], DistributionConfig=config)
            except ClientError as error:
                if code(error) != "PreconditionFailed":
                    raise
                # Somebody else changed it; the program's word counts.
                now = cloudfront.get_distribution(Id=id_)["ETag"]
                cloudfront.update_distribution(Id=id_, IfMatch=now, DistributionConfig=config)
        before, tags = state.get("tagsAll", {}), self.planned(aws, inputs)["tagsAll"]
        with reported(f"updating tags for CloudFront Distribution ({id_})", "CloudFront"):
            if gone := before.keys() - tags.keys():
                cloudfront.untag_resource(Resource=state["arn"], TagKeys={"Items": sorted(gone)})
            if tags != before and tags:
                cloudfront.tag_resource(Resource=state["arn"], Tags={"Items": to_list(tags)})
        _wait(aws, id_, inputs)

    def delete(self, aws: Aws, id_: str, state: Bag) -> None:
        cloudfront = aws.client("cloudfront")
        found = _get(aws, id_)
        if found is None:
            return
        config = found["Distribution"]["DistributionConfig"]
        if config["Enabled"]:
            with reported(f"disabling CloudFront Distribution ({id_})", "CloudFront"):
                disabled = {**config, "Enabled": False}
                cloudfront.update_distribution(Id=id_, IfMatch=found["ETag"], DistributionConfig=disabled)
        _wait(aws, id_, {})
        if state.get("retainOnDelete"):
            return
        with reported(f"deleting CloudFront Distribution ({id_})", "CloudFront"):
            cloudfront.delete_distribution(Id=id_, IfMatch=cloudfront.get_distribution(Id=id_)["ETag"])


def _get(aws: Aws, id_: str) -> Any:
    """None if there is none."""
    try:
        return aws.client("cloudfront").get_distribution(Id=id_)
    except ClientError as error:
        if code(error) != "NoSuchDistribution":
            raise
        return None


def _wait(aws: Aws, id_: str, inputs: Bag) -> None:
    if not inputs.get("waitForDeployment", True):
        return
    for _ in range(100):
        if aws.client("cloudfront").get_distribution(Id=id_)["Distribution"]["Status"] == "Deployed":
            return
        time.sleep(0.1)
    raise ProviderError(f"waiting until CloudFront Distribution ({id_}) is deployed: timeout while waiting for state")
