"""AWS partitions: the one that a region belongs to, and the domain of its host names.

Source: AWS General Reference, "AWS Regions and partitions"; a test compares with botocore's own endpoint data.
"""

from __future__ import annotations

# Prefix of the region names → (partition, DNS suffix)
_BY_PREFIX = {
    "cn-": ("aws-cn", "amazonaws.com.cn"),
    "us-gov-": ("aws-us-gov", "amazonaws.com"),
}
_DEFAULT = ("aws", "amazonaws.com")


def _lookup(region: str) -> tuple[str, str]:
    return next((entry for prefix, entry in _BY_PREFIX.items() if region.startswith(prefix)), _DEFAULT)


def partition(region: str) -> str:
    """The partition of a region, as in ARNs: `aws`, `aws-cn`, `aws-us-gov`."""
    return _lookup(region)[0]


def dns_suffix(region: str) -> str:
    """The DNS suffix of a region's endpoints: `amazonaws.com`, `amazonaws.com.cn`."""
    return _lookup(region)[1]
