"""AWS partitions: which one a region is in, and what its ARNs and host names look like.

Source: AWS General Reference, "AWS Regions and partitions"; a test compares with botocore's own endpoint data.
"""

from __future__ import annotations

# What the names of a partition's regions begin with -> (partition, suffix of its host names)
_BY_PREFIX = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
}
_USUAL = ("aws", "amazonaws.com")


def _of(region: str) -> tuple[str, str]:
    return next((found for prefix, found in _BY_PREFIX.items() if region.startswith(prefix)), _USUAL)


def partition(region: str) -> str:
    """The partition that stands in ARNs."""
    return _of(region)[0]


def dns_suffix(region: str) -> str:
    """What the names of hosts end in."""
    return _of(region)[1]
