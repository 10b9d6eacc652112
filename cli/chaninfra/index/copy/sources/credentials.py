"""The credentials for a source on S3: those of the target go to its own store only, those of a source only there."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.untrusted import MALFORMED
from chaninfra.channel.errors import ConfigurationError, CredentialsError
from chaninfra.channel.location import Location
from chaninfra.channel.providers.aws_partitions import is_s3_of_aws
from chaninfra.channel.s3.credentials import Credentials, resolve
from chaninfra.channel.s3.endpoint import same_endpoint
from chaninfra.index.copy.sources.flags import FromFlags
from chaninfra.index.copy.sources.source_errors import VARIABLES, of_source

if TYPE_CHECKING:
    from chaninfra.index.channel import Channel


class _Keys(msgspec.Struct):
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


@prepared
class _PixiEntry(msgspec.Struct):
    """An entry of pixi's store; others than those of S3 have other keys."""

    keys: _Keys = msgspec.field(name="S3Credentials")


def same_store(one: Location, other: Location) -> bool:
    """Whether an access key of one is one of the other too: the endpoints are the same, or both are AWS's."""
    both_of_aws = is_s3_of_aws(one.endpoint_url) and is_s3_of_aws(other.endpoint_url)
    return both_of_aws or same_endpoint(one.endpoint_url, other.endpoint_url)


def source_credentials(
    location: Location, url: str, flags: FromFlags, target: Channel, *, only_said_by: str | None = None
) -> Credentials | None:
    """The credentials to send to the store of a source, `s3://…`; None: it is read without any.

    Those of the options; else of the variables FROM_S3_…; else those of the target, if the store is the same; else what
    pixi keeps for the bucket. `only_said_by`: the document that alone says which endpoint this is, where the user does
    not; then nothing is sent there.

    Raises CredentialsError for those that are given and cannot be used; ConfigurationError if they must not be sent.
    """
    given = _given(flags)
    if given is None and same_store(location, target.descriptor.location):
        return target.credentials
    if only_said_by is not None:
        if given is not None:
            raise ConfigurationError(
                f"credentials are not sent to {location.endpoint_url}, since only this document names it",
                where=only_said_by,
                remedy=f"if you know it as the store of the source: --from-endpoint-url {location.endpoint_url}",
            )
        return None
    return given or _of_pixi(url)


def _given(flags: FromFlags) -> Credentials | None:
    """Those of the options, else of the variables."""
    if flags.access_key_id or flags.secret_access_key:
        if not (flags.access_key_id and flags.secret_access_key):
            missing = "--from-secret-access-key" if flags.access_key_id else "--from-access-key-id"
            raise CredentialsError(
                f"{missing} is missing", where="the credentials of the source", remedy="give both options, or neither"
            )
        return resolve(
            access_key_id=flags.access_key_id,
            secret_access_key=flags.secret_access_key,
            session_token=flags.session_token,
        )
    if flags.profile:
        with of_source():
            return resolve(profile=flags.profile)
    key, secret, token = map(os.environ.get, VARIABLES)
    if not (key or secret):
        return None
    if not (key and secret):
        raise CredentialsError(
            f"{VARIABLES[0] if key else VARIABLES[1]} is set, and {VARIABLES[1] if key else VARIABLES[0]} is not",
            where="the credentials of the source",
            remedy="set both variables, or neither",
        )
    found = resolve(access_key_id=key, secret_access_key=secret, session_token=token)
    return replace(found, source=VARIABLES[0])


def _of_pixi(url: str) -> Credentials | None:
    """What pixi keeps for the bucket; None: nothing, or nothing that can be read here."""
    from chaninfra.pixi import stores

    for entry in stores.read().entries(url):
        try:
            keys = msgspec.convert(entry.value, _PixiEntry).keys
        except MALFORMED:
            continue
        found = resolve(
            access_key_id=keys.access_key_id,
            secret_access_key=keys.secret_access_key,
            session_token=keys.session_token,
        )
        return replace(found, source=f"pixi's entry {entry}")
    return None
