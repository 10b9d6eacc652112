"""What a store answers to single requests: its region, addresses, digests, and the status of what is absent."""

from __future__ import annotations

import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import replace
from typing import Any

from botocore.exceptions import ClientError

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.location import AddressingStyle
from chaninfra.channel.probe.scratch import ScratchFolder
from chaninfra.channel.providers.model import Digest
from chaninfra.channel.s3.boto import code_and_status, newer_digests, translating_errors
from chaninfra.channel.s3.conditional import outcome_of
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.object_store import S3Store
from chaninfra.channel.s3.trust import context_for

ABSENT = "absent"


def digest(scratch: ScratchFolder) -> Digest | None:
    """The digest of a deletion of several objects that the store accepts; None: none that we know."""
    objects: Any = {"Objects": [{"Key": scratch.key("checksum")}], "Quiet": True}

    def delete() -> None:
        with translating_errors(scratch.location, "delete", scratch.key("checksum")):
            scratch.client.delete_objects(Bucket=scratch.location.bucket, Delete=objects)

    with newer_digests(scratch.client):
        if outcome_of(delete) == "done":
            return "checksum"
    return "content-md5" if outcome_of(delete) == "done" else None


def addressing(scratch: ScratchFolder, credentials: Credentials) -> tuple[AddressingStyle, ...]:
    """The styles by which the scratch object is found; the first is the one that reached the store."""
    other = replace(scratch.location, force_path_style=not scratch.location.force_path_style)
    with suppress(ChaninfraError):
        if S3Store(other, credentials).get(scratch.key("object")) is not None:
            return scratch.location.addressing_style, other.addressing_style
    return (scratch.location.addressing_style,)


def reported_region(scratch: ScratchFolder) -> str | None:
    """The region that the store says the bucket is in; None: it says none."""
    with suppress(ChaninfraError), translating_errors(scratch.location, "look at"):
        found = scratch.client.get_bucket_location(Bucket=scratch.location.bucket).get("LocationConstraint")
        # An empty answer means us-east-1 on AWS, and nothing on most other stores. EU is the old name of eu-west-1.
        return "eu-west-1" if found == "EU" else found or None
    return None


def missing(scratch: ScratchFolder) -> int:
    """The HTTP status for an object that is absent."""
    try:
        scratch.client.get_object(Bucket=scratch.location.bucket, Key=scratch.key(ABSENT))
    except ClientError as error:
        return code_and_status(error)[1]
    return 200


def missing_anonymous(scratch: ScratchFolder) -> int | None:
    """The same without credentials; None: no answer came."""
    url = scratch.location.url(scratch.key(ABSENT))
    try:
        with urllib.request.urlopen(url, timeout=10, context=context_for(url)) as answer:  # noqa: S310 (the endpoint's)
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None
