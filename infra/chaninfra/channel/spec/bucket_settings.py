"""The settings of a bucket that most stores have: versions, encryption, lifecycle, CORS and tags."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from chaninfra.channel.config.stack import StackConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.model import CAPABILITIES, Backend, Capability, Provider
from chaninfra.channel.spec.model import BucketSettings

_USUAL: dict[Backend, BucketSettings] = {
    "aws": BucketSettings(versioning=True, encryption="sse-s3", old_versions_days=90, open_uploads_days=7),
    "s3": BucketSettings(),
}
"""What a bucket gets where the config says nothing."""

_NEEDS: dict[str, Capability] = {
    "versioning": "versioning",
    "encryption": "encryption",
    "old_versions_days": "lifecycle-versions",
    "open_uploads_days": "lifecycle-uploads",
    "cors_origins": "cors",
    "tags": "tags",
}
"""What a store must be able to do for each of them."""

# Settings that are not the bucket's alone, so that they make sense for one that is adopted.
_OF_ROLES_TOO: dict[Backend, frozenset[str]] = {"aws": frozenset({"tags"}), "s3": frozenset()}


def bucket_settings(config: StackConfig, provider: Provider, where: str) -> BucketSettings:
    """The settings that a config declares, the backend's usual ones for what it leaves out.

    Raises ConfigurationError for one that the store does not have, or that an adopted bucket has of its own.
    """
    declared: dict[str, Any] = {name: getattr(config, name) for name in _NEEDS}
    given = {name: value for name, value in declared.items() if value not in (None, (), {})}
    for name in given:
        key = name.replace("_", "-")
        if not provider.can(_NEEDS[name]):
            raise ConfigurationError(
                f"{provider.title} does not have this ({CAPABILITIES[_NEEDS[name]]})",
                where=where,
                key=(key,),
                remedy=f"take `{key}` out",
            )
        if config.adopt and name not in _OF_ROLES_TOO[provider.backend]:
            raise ConfigurationError(
                "an adopted bucket keeps its own settings",
                where=where,
                key=(key,),
                remedy=f"take `{key}` out, and set it where the bucket is declared",
            )
    if config.encryption and config.aws.kms_key_arn:
        raise ConfigurationError(
            "`aws.kms-key-arn` says otherwise",
            where=where,
            key=("encryption",),
            remedy="take one of the two out",
        )
    return replace(_USUAL[provider.backend], **given)
