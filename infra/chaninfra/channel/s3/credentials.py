"""Credentials of a store: given, or found where AWS tools find them. Secrets are never printed.

https://boto3.amazonaws.com/v1/documentation/api/latest/guide/credentials.html
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chaninfra.channel.errors import CredentialsError, Remedy
from chaninfra.channel.s3.trust import ca_bundle

# Keys of pulumi-aws's `assumeRoles` → parameters of STS AssumeRole, for values that need no conversion.
_ASSUME = {
    "externalId": "ExternalId",
    "policy": "Policy",
    "sourceIdentity": "SourceIdentity",
    "transitiveTagKeys": "TransitiveTagKeys",
}

# Variables that change what AWS_ACCESS_KEY_ID means, so that botocore has to decide: a profile, an expiry date, and the
# old name of the session token.
_TO_BOTOCORE = ("AWS_PROFILE", "AWS_DEFAULT_PROFILE", "AWS_CREDENTIAL_EXPIRATION", "AWS_SECURITY_TOKEN")

REMEDY = Remedy(
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (or S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY), or name a profile "
    "of the AWS configuration files: --profile NAME",
    stack="set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or `profile` to a profile of the AWS configuration files",
)
"""What to do where there are no credentials."""


@dataclass(frozen=True)
class Credentials:
    """An access key with its secret; the repr shows no secret. `source` says where the key was found, for messages."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    source: str = field(default="", compare=False)

    @property
    def is_of_aws_tools(self) -> bool:
        """Whether the AWS tools find the key too: it was neither given, nor in variables that they do not read."""
        return self.source not in (_GIVEN, _S3)


_GIVEN, _S3 = "the given access key", "S3_ACCESS_KEY_ID"
"""Sources that only chaninfra and uploads read."""


def resolve(
    *,
    access_key_id: str | None = None,
    secret_access_key: str | None = None,
    session_token: str | None = None,
    profile: str | None = None,
    chain: Literal["any", "aws"] = "any",
) -> Credentials:
    """The given access key; else the profile's; else the S3_* variables; else boto3's chain (AWS_*, files, roles).

    `chain` "aws" skips the S3_* variables, which are for other stores. Raises CredentialsError if there are no
    credentials, or only half of an access key.
    """
    if access_key_id or secret_access_key:
        return _pair(access_key_id, secret_access_key, session_token, _GIVEN)
    if (
        chain == "any"
        and profile is None
        and (os.environ.get("S3_ACCESS_KEY_ID") or os.environ.get("S3_SECRET_ACCESS_KEY"))
    ):
        return _pair(
            os.environ.get("S3_ACCESS_KEY_ID"),
            os.environ.get("S3_SECRET_ACCESS_KEY"),
            os.environ.get("S3_SESSION_TOKEN"),
            _S3,
        )
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    key, secret, token = map(os.environ.get, names)
    if key and secret and not (profile or any(map(os.environ.get, _TO_BOTOCORE))):
        # The chain would find these first, and to import botocore takes longer than a publish.
        return _pair(key, secret, token, "AWS_ACCESS_KEY_ID")
    # Not boto3: its import would take twice as long.
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.session import Session

    try:
        session = Session(profile=profile)
        # Of the client of STS and of a login.
        session.set_config_variable("ca_bundle", ca_bundle())
        session.register("before-parameter-build.sts.AssumeRoleWithWebIdentity", _for_an_hour)
        found = session.get_credentials()
        if found is None:
            raise CredentialsError("there are no credentials", remedy=REMEDY)
        frozen = found.get_frozen_credentials()
    except (BotoCoreError, OSError) as error:
        # OSError: AWS_WEB_IDENTITY_TOKEN_FILE names a file that does not exist.
        raise CredentialsError(f"no credentials: {error}", remedy=REMEDY) from error
    except ClientError as error:
        # STS refuses the role of AWS_ROLE_ARN or of the profile, or SSO refuses the login.
        raise CredentialsError(
            f"no credentials: {error}",
            remedy="check the role that AWS_ROLE_ARN or the profile names, its trust policy, and your login",
        ) from error
    source = f"the profile {profile}" if profile else f"the AWS credential chain ({found.method})"
    return _pair(frozen.access_key, frozen.secret_key, frozen.token, source)


def _for_an_hour(**request: Any) -> None:
    """Ask for the session that AWS gives unasked. MinIO's would end with the token, and GitHub's lives for minutes."""
    request["params"].setdefault("DurationSeconds", 3600)


def assume_role(role: Mapping[str, Any], credentials: Credentials, region: str) -> Credentials:
    """The credentials of a role, by STS AssumeRole; `role` has the keys of pulumi-aws's `assumeRoles` (roleArn, …).

    Raises CredentialsError.
    """
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    client = boto3.session.Session().client(
        "sts",
        region_name=region,
        aws_access_key_id=credentials.access_key_id,
        aws_secret_access_key=credentials.secret_access_key,
        aws_session_token=credentials.session_token,
        verify=ca_bundle(),
    )
    wanted: dict[str, Any] = {"RoleArn": role["roleArn"], "RoleSessionName": role.get("sessionName") or "chaninfra"}
    for ours, theirs in _ASSUME.items():
        if role.get(ours):
            wanted[theirs] = role[ours]
    if role.get("policyArns"):
        wanted["PolicyArns"] = [{"arn": arn} for arn in role["policyArns"]]
    if role.get("tags"):
        wanted["Tags"] = [{"Key": key, "Value": value} for key, value in role["tags"].items()]
    if role.get("duration"):
        wanted["DurationSeconds"] = _seconds(role["duration"])
    try:
        found = client.assume_role(**wanted)["Credentials"]
    except (BotoCoreError, ClientError) as error:
        raise CredentialsError(
            f"cannot assume the role {role['roleArn']}: {error}",
            where="key aws:assumeRoles",
            remedy="check the role's ARN and its trust policy",
        ) from error
    return Credentials(found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"])


def _seconds(duration: str) -> int:
    """The seconds of a duration as Go writes it, which the AWS provider takes: 1h, 15m, 1h15m30s; default 3600."""
    parts = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?", duration)
    hours, minutes, seconds = (int(part or 0) for part in (parts.groups() if parts else ("", "", "")))
    return hours * 3600 + minutes * 60 + seconds or 3600


def _pair(key: str | None, secret: str | None, token: str | None, what: str) -> Credentials:
    if not key or not secret:
        missing = "secret access key" if key else "access key id"
        raise CredentialsError(f"{what} has no {missing}", remedy="give both, or neither")
    # Id and token go into HTTP headers. Secrets of a CI often end in a line break.
    header, text = "[!-~]*", "[ -~]*"
    for name, value, form in (
        ("access key id", key, header),
        ("secret access key", secret, text),
        ("session token", token or "", header),
    ):
        if not re.fullmatch(form, value):
            raise CredentialsError(
                f"the {name} of {what} contains a space, a line break or another character that no key has",
                remedy="set it again without that character",
            )
    return Credentials(key, secret, token or None, what)
