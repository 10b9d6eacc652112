"""AWS partitions: the one that a region belongs to, and the domain of its host names.

Source: AWS General Reference, "AWS Regions and partitions"; a test compares with botocore's own endpoint data.
"""

from __future__ import annotations

import re

BY_PREFIX = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
}
"""Prefix of the region names → (partition, DNS suffix)."""
DEFAULT = ("aws", "amazonaws.com")
"""The same of all other regions."""


def _lookup(region: str) -> tuple[str, str]:
    return next((entry for prefix, entry in BY_PREFIX.items() if region.startswith(prefix)), DEFAULT)


def partition(region: str) -> str:
    """The partition of a region, as in ARNs: `aws`, `aws-cn`, `aws-us-gov`."""
    return _lookup(region)[0]


def dns_suffix(region: str) -> str:
    """The DNS suffix of a region's endpoints: `amazonaws.com`, `amazonaws.com.cn`."""
    return _lookup(region)[1]


# The DNS suffixes of all partitions, those without a public region among them.
_SUFFIXES = (
    "amazonaws.com",
    "amazonaws.com.cn",
    "amazonaws.eu",
    "c2s.ic.gov",
    "sc2s.sgov.gov",
    "cloud.adc-e.uk",
    "csp.hci.ic.gov",
)
_REGION = "[a-z]{2,4}(?:-[a-z]{2,12}){1,3}-[0-9]{1,2}"
# Only hosts of S3 itself: customers run servers below the same domains, behind API Gateway and load balancers for two.
_S3_HOST = (
    "s3(?:-external-1|-accelerate(?:[.]dualstack)?)?"
    f"|s3-{_REGION}"
    f"|s3(?:-fips)?(?:[.]dualstack)?[.]{_REGION}"
    f"|(?:bucket[.])?vpce-[0-9a-f]{{8,32}}-[0-9a-z]{{4,32}}(?:-{_REGION}[a-z])?[.]s3[.]{_REGION}[.]vpce"
)
_S3_ENDPOINT = re.compile(f"https://(?:{_S3_HOST})[.](?:{'|'.join(map(re.escape, _SUFFIXES))})(?::443)?/?")


def is_s3_of_aws(endpoint_url: str) -> bool:
    """Whether an endpoint URL is https and one of Amazon S3's own hosts, of any partition.

    Source: AWS General Reference, "Amazon Simple Storage Service endpoints and quotas"; Amazon S3 User Guide, "AWS
    PrivateLink for Amazon S3".
    """
    return _S3_ENDPOINT.fullmatch(endpoint_url) is not None
