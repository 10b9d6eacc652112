"""pixi's credential store: the command that fills it, and the file that replaces it.

The flags are those of `pixi auth login` (pixi's reference, "pixi auth login"); pixi's page "S3" shows other names for
them, which pixi does not accept. The file is the one that RATTLER_AUTH_FILE names (pixi's documentation,
"Authentication").

pixi looks for the bucket's name in all its stores before it looks for s3:// URLs in any (rattler_networking 0.34,
`AuthenticationStorage::get_by_url_with_host`). `pixi auth login s3://BUCKET` writes the name, so only an entry of that
name comes before an older login.
"""

from __future__ import annotations

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.client_access import ClientChannel, by_bucket
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell

_SEEN = (
    "While pixi runs, the secret is among its arguments, which other users of this machine can list (ps). Where others",
    "log in, write a file that only you can read, and name it in RATTLER_AUTH_FILE: --format auth-file --into FILE",
)


def login(request: ManifestRequest) -> Rendered:
    """A `pixi auth login` command per bucket; the shell that runs it takes the access key from its environment."""
    note = "The keys come from AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, if set, AWS_SESSION_TOKEN."
    commands = [command(access) for access in by_bucket(request.channels).values()]
    # It may be pasted into a shell, so no `set -e`, which would end that.
    return Rendered((PRINTED_BY, note, *_SEEN), shell.script([" &&\n".join(commands)]))


def command(access: ClientChannel) -> str:
    """The command line for the channel's bucket. Raises ConfigurationError if pixi would not find the key again."""
    check_login(access)
    # The token's flag and value are one word, since zsh does not split the result of an expansion.
    return (
        f'pixi auth login {shell.word(access.s3_bucket_url)} --s3-access-key-id "$AWS_ACCESS_KEY_ID" '
        '--s3-secret-access-key "$AWS_SECRET_ACCESS_KEY" ${AWS_SESSION_TOKEN:+"--s3-session-token=$AWS_SESSION_TOKEN"}'
    )


def check_login(access: ClientChannel) -> None:
    """Raise ConfigurationError if `pixi auth login`, which setup-pixi runs too, keeps no key for the bucket."""
    if not access.has_login:
        raise ConfigurationError(
            f"`pixi auth login` takes {access.descriptor.bucket!r}, a name with one dot, for a domain: it keeps the "
            f"key as {'*.' + access.descriptor.bucket!r}, where it never looks for the key of a bucket",
            where=access.descriptor.url,
            remedy="write the key into a file: --auth pixi --format auth-file --into FILE, and set RATTLER_AUTH_FILE; "
            "or use --auth aws",
        )


def auth_file(request: ManifestRequest) -> Rendered:
    """Bucket name → the access key. Raises ConfigurationError if the request has no credentials."""
    credentials = request.credentials
    if credentials is None:
        raise ConfigurationError(
            "an auth file holds secrets, which are never printed", remedy="write it: --format auth-file --into FILE"
        )
    entry = {
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
        "session_token": credentials.session_token,
    }
    buckets = by_bucket(request.channels).values()
    return Rendered((), {access.descriptor.bucket: {"S3Credentials": entry} for access in buckets})
