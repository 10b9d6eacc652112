"""How pixi reads the channel on this machine: with which key and region, and what goes wrong if it cannot.

For a bucket that is not on AWS it has s3-options with region and endpoint. Then it asks its own stores for the key, and
the AWS SDK only if they have none. Without s3-options everything comes from the AWS SDK (rattler_networking 0.34,
s3_middleware.rs).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chaninfra.channel.errors import CredentialsError
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.credentials import Credentials, resolve
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.pixi import config as pixi_config
from chaninfra.pixi import stores as pixi_stores
from chaninfra.pixi.stores import Entry, Stores

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination

AUTH_FILE = "credentials.json"
"""The name, in a folder of the doctor's own, of the file that takes the place of RATTLER_AUTH_FILE's."""
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
_REGIONS = ("AWS_REGION", "AWS_DEFAULT_REGION")


@dataclass(frozen=True, kw_only=True)
class PixiReading:
    """What pixi's client needs to read as pixi would.

    `variables`: what to change in the environment; None unsets one. `auth_file`: the content that the file of
    RATTLER_AUTH_FILE must have, None to leave it. `stop`: why pixi does not even start. `by`: the key, for a message.
    `files`: pixi's stores of keys, which an error may be about. If pixi cannot read, `doubt` must be wrong, `remedy` is
    against it, and `unasked` is what could not be looked at. `more`: what to say beside the result.
    """

    variables: Mapping[str, str | None] = field(default_factory=dict, repr=False)
    auth_file: Mapping[str, Any] | None = field(default=None, repr=False)
    stop: Finding | None = None
    by: str = ""
    files: tuple[Path, ...] = ()
    doubt: str = ""
    remedy: str | None = None
    unasked: str = ""
    more: tuple[Finding, ...] = ()

    def of_stores(self, message: str, folder: Path) -> Finding | None:
        """What to say of an error of pixi's client that is about one of its stores; None if this one is not.

        The message itself may hold a secret: it quotes what it does not know. `folder` is the one given to `reading`.
        """
        blamed = [str(file) for file in self.files if str(file) in message]
        if not blamed and str(folder / AUTH_FILE) in message:
            blamed = [" or ".join(map(str, self.files))]
        return _stopped(blamed[0], "an entry has none of the forms that pixi knows") if blamed else None


def reading(exam: Examination, access: ClientChannel, folder: Path) -> PixiReading:
    """How pixi reads the channel. `folder` is empty, for what must not lead pixi's client to anything."""
    if access.method not in ("aws", "pixi"):
        return PixiReading(variables={"HOME": str(folder)}, auth_file={})
    # A home that is no folder has no stores, and would stop pixi's client.
    home = {} if pixi_config.home_folder() else {"HOME": str(folder)}
    stores = pixi_stores.read()
    if stores.broken:
        return PixiReading(stop=_stopped(*stores.broken[0]))
    # Without s3-options they are read, and not asked.
    entries = stores.entries(access.url) if access.has_s3_options else []
    if entries:
        return PixiReading(
            variables=home,
            auth_file=_merged(stores),
            by=_by(entries),
            files=stores.files,
            unasked=_unasked(stores),
            remedy=_without(entries[0], access),
        )
    found = _by_the_aws_sdk(exam, access, home)
    auth_file = _merged(stores) if found.auth_file is None else found.auth_file
    return replace(found, auth_file=auth_file, files=stores.files, unasked=_unasked(stores))


def _stopped(file: Path | str, why: str) -> Finding:
    """A store that pixi cannot read, so that it reads no channel either."""
    found = f"pixi stops at {file}, where it looks for keys: {why}"
    return Finding(state="failed", found=found, remedy=f"correct or remove {file}")


def _by_the_aws_sdk(exam: Examination, access: ClientChannel, home: Mapping[str, str | None]) -> PixiReading:
    """pixi with what the AWS SDK finds, or with the examined key where it finds none.

    The variables are left as they are: pixi's SDK may find less than this program's.
    """
    profile = exam.remedies.flags.get("--profile")
    variables = {**home, **(dict.fromkeys(_KEYS) | {"AWS_PROFILE": profile} if profile else {})}
    doubt, remedy = ("", None) if access.has_s3_options else _region(exam, profile)
    keys = exam.credentials
    if keys is None or keys.is_of_aws_tools:
        return PixiReading(variables=variables, doubt=doubt, remedy=remedy)
    if found := _found_by_aws_tools():
        by = f", with the key {found.access_key_id} ({found.source}), not {keys.access_key_id} ({keys.source})"
        return PixiReading(variables=variables, by=by, doubt=doubt, remedy=remedy)
    given = dict(zip(_KEYS, (keys.access_key_id, keys.secret_access_key, keys.session_token), strict=True))
    own = {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "session_token": keys.session_token,
    }
    return PixiReading(
        variables={**home, **given},
        auth_file={access.descriptor.bucket: {"S3Credentials": own}},
        doubt=doubt,
        remedy=remedy,
        more=(_not_found(exam, access, keys),),
    )


def _not_found(exam: Examination, access: ClientChannel, keys: Credentials) -> Finding:
    what = f"it does not read {keys.source}" if keys.source.startswith("S3_") else "it does not have the given key"
    if not access.has_s3_options:
        remedy = f"set {_KEYS[0]} and {_KEYS[1]}, or a profile: " + exam.remedies.command(
            "manifest", "--format", "aws-config"
        )
    elif access.has_login:
        remedy = exam.remedies.command("manifest", "--auth", "pixi", "--format", "login")
    else:
        remedy = exam.remedies.command("manifest", "--auth", "pixi", "--format", "auth-file", "--into", "FILE")
    return Finding(state="warning", found=f"pixi itself finds no key here: {what}", remedy=remedy)


def _found_by_aws_tools() -> Credentials | None:
    try:
        return resolve(chain="aws")
    except CredentialsError:
        return None


def _region(exam: Examination, profile: str | None) -> tuple[str, str | None]:
    """What is wrong with the region that pixi takes, and the remedy; nothing if it is the bucket's."""
    right = exam.descriptor.region
    found, by = _region_of_environment(profile)
    if found == right:
        return "", None
    said = f"pixi asks in {found!r} ({by})" if found else "pixi has no region"
    return f"{said}, and the bucket is in {right!r}: ", f"export AWS_REGION={right}"


def _region_of_environment(profile: str | None) -> tuple[str | None, str]:
    """The region that the AWS SDK of pixi takes, and who says it: a variable, else the profile."""
    for name in _REGIONS:
        if value := os.environ.get(name):
            return value, name
    # Imported here since it is slow.
    from botocore.exceptions import BotoCoreError
    from botocore.session import Session

    name = profile or os.environ.get("AWS_PROFILE") or "default"
    try:
        value = Session(profile=name).get_scoped_config().get("region")
    except BotoCoreError:
        value = None
    return (value if isinstance(value, str) else None), f"the profile {name}"


def _merged(stores: Stores) -> Mapping[str, Any] | None:
    """What pixi's client must read in place of RATTLER_AUTH_FILE, since it knows no configuration of pixi.

    The file that the configuration names comes right after that of RATTLER_AUTH_FILE.
    """
    if stores.override is None:
        return None
    named = os.environ.get("RATTLER_AUTH_FILE")
    first = json.loads(Path(named).read_text("utf-8")) if named and Path(named).exists() else {}
    return {**stores.override[1], **first}


def _unasked(stores: Stores) -> str:
    return f" ({stores.unasked}, was not asked)" if stores.unasked else ""


def _by(entries: list[Entry]) -> str:
    """The entry that wins, and those that do not."""
    first, *others = entries
    key = f"the key {first.access_key_id}, " if first.access_key_id else ""
    text = f", with {key}the entry {first}"
    if others:
        text += ", not " + ", ".join(f"{each} ({each.access_key_id or 'id not shown'})" for each in others)
    return text


def _without(entry: Entry, access: ClientChannel) -> str:
    """How pixi comes to another key."""
    bucket = access.descriptor.bucket
    if entry.is_default and entry.name == bucket and access.has_login:
        return f"pixi auth logout {access.s3_bucket_url}"
    return f"correct or remove the entry {entry}"
