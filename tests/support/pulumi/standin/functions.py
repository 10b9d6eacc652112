"""Token → function that a program may call."""

from collections.abc import Callable, Mapping

from .aws import Aws, partitions
from .resources import oidc
from .values import Bag


def _caller(aws: Aws, arguments: Bag) -> Bag:
    caller = aws.caller()
    return {
        "id": caller["Account"],
        "accountId": caller["Account"],
        "arn": caller["Arn"],
        "userId": caller["UserId"],
    }


def _region(aws: Aws, arguments: Bag) -> Bag:
    # `name` is the older spelling of `region`.
    region = arguments.get("region") or arguments.get("name") or aws.region
    described = {name: one["description"] for part in partitions() for name, one in part["regions"].items()}
    return {
        "id": region,
        "name": region,
        "region": region,
        "description": described.get(region, region),
        "endpoint": f"ec2.{region}.{aws.partition(region).dns_suffix}",
    }


def _partition(aws: Aws, arguments: Bag) -> Bag:
    partition = aws.partition()
    return {
        "id": partition.id,
        "partition": partition.id,
        "dnsSuffix": partition.dns_suffix,
        "reverseDnsPrefix": partition.reverse_dns,
    }


FUNCTIONS: Mapping[str, Callable[[Aws, Bag], Bag]] = {
    "aws:index/getCallerIdentity:getCallerIdentity": _caller,
    "aws:index/getRegion:getRegion": _region,
    "aws:index/getPartition:getPartition": _partition,
    "aws:iam/getOpenIdConnectProvider:getOpenIdConnectProvider": oidc.find,
}
