"""pixi's credential store: the command that fills it, and the file that stands in for it.

The flags are those of `pixi auth login` (pixi's reference, "pixi auth login"); on its page about S3 they have other
names, which pixi does not know. The file is what RATTLER_AUTH_FILE names (pixi's documentation, "Authentication").
"""

from __future__ import annotations

import json

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ChannelAccess, buckets
from chaninfra.manifest.request import PRINTED, ManifestRequest
from chaninfra.manifest.text import shell


def login(settings: ManifestRequest) -> str:
    """A command for each bucket; the keys come from the environment of whoever runs it."""
    note = "The keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, where there is one, AWS_SESSION_TOKEN."
    return shell.script([PRINTED, note], [command(each) for each in buckets(settings.clients).values()])


def command(client: ChannelAccess) -> str:
    """The command line for a bucket. One word for the token: zsh does not split what it puts in."""
    return (
        f'pixi auth login {shell.word(client.bucket_url)} --s3-access-key-id "$AWS_ACCESS_KEY_ID" '
        '--s3-secret-access-key "$AWS_SECRET_ACCESS_KEY" ${AWS_SESSION_TOKEN:+"--s3-session-token=$AWS_SESSION_TOKEN"}'
    )


def auth_file(settings: ManifestRequest) -> str:
    """The JSON with the key of each bucket. Raises ConfigurationError where none was given."""
    keys = settings.credentials
    if keys is None:
        raise ConfigurationError(
            "an auth file holds secrets, which are never printed", remedy="write it: --format auth-file --into FILE"
        )
    entry = {
        "access_key_id": keys.access_key_id,
        "secret_access_key": keys.secret_access_key,
        "session_token": keys.session_token,
    }
    found = {each.bucket_url: {"S3Credentials": entry} for each in buckets(settings.clients).values()}
    return json.dumps(found, indent=2) + "\n"
