"""The bucket settings that most stores have: versioning, encryption, lifecycle, CORS and tags."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chaninfra.channel import patterns
from chaninfra.channel.config.stack import MAX_TAGS, StackConfig
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.providers.model import CAPABILITIES, Backend, Capability, Provider
from chaninfra.channel.spec.model import BucketSettings

_DEFAULTS: dict[Backend, BucketSettings] = {
    "aws": BucketSettings(versioning=True, encryption="sse-s3", old_versions_days=90, open_uploads_days=7),
    "s3": BucketSettings(),
}
"""The settings of a bucket for the keys that the config does not set."""

_CAPABILITIES: dict[str, Capability] = {
    "versioning": "versioning",
    "encryption": "encryption",
    "old_versions_days": "lifecycle-versions",
    "open_uploads_days": "lifecycle-uploads",
    "cors_origins": "cors",
    "tags": "tags",
}
"""Field of BucketSettings → the capability that the store needs for it."""

_ROLE_SETTINGS: dict[Backend, frozenset[str]] = {"aws": frozenset({"tags"}), "s3": frozenset()}
"""Settings that the roles have too, so that they are allowed with an adopted bucket."""


def bucket_settings(config: StackConfig, provider: Provider, where: str) -> BucketSettings:
    """The bucket settings of a config, with the defaults of the backend.

    Raises ConfigurationError for a setting that the store does not support, or that an adopted bucket keeps.
    """
    declared: dict[str, Any] = {name: getattr(config, name) for name in _CAPABILITIES}
    given = {name: value for name, value in declared.items() if value not in (None, (), {})}
    for name in given:
        key = name.replace("_", "-")
        if not provider.can(_CAPABILITIES[name]):
            raise ConfigurationError(
                f"{provider.title} does not support this ({CAPABILITIES[_CAPABILITIES[name]]})",
                where=where,
                key=(key,),
                remedy=f"remove `{key}`",
            )
        if config.adopt and name not in _ROLE_SETTINGS[provider.backend]:
            raise ConfigurationError(
                "an adopted bucket keeps its own settings",
                where=where,
                key=(key,),
                remedy=f"remove `{key}`, and set it where the bucket is declared",
            )
    check_tags(config.tags, where)
    if config.encryption and config.aws.kms_key_arn:
        raise ConfigurationError(
            "`aws.kms-key-arn` sets another encryption",
            where=where,
            key=("encryption",),
            remedy="remove `encryption` or `aws.kms-key-arn`",
        )
    return replace(_DEFAULTS[provider.backend], **given)


def check_tags(tags: Mapping[str, str], where: str) -> None:
    """Raise ConfigurationError for tags that AWS does not take (IAM API Reference, Tag)."""
    remedy = "use letters, digits, spaces and _.:/=+-@ only, at most 128 in a key and 256 in a value"
    if len(tags) > MAX_TAGS:
        raise ConfigurationError(
            f"{len(tags)} tags, and AWS takes {MAX_TAGS}", where=where, key=("tags",), remedy="remove some"
        )
    for key, value in tags.items():
        at = ("tags", key)
        patterns.check(key, patterns.TAG_KEY, where=where, key=("tags",), remedy=f"{remedy}; not aws: at the start")
        patterns.check(value, patterns.TAG_VALUE, where=where, key=at, remedy=remedy)
        for character in key + value:
            if unicodedata.category(character)[0] not in "LZN" and character not in "_.:/=+-@":
                raise ConfigurationError(f"has the character {character!r}", where=where, key=at, remedy=remedy)
