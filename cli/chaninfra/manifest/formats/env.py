"""Variables for a shell: where the bucket is, for the tools of AWS, for pixi's and rattler-build's uploads and for us.

Sources: AWS SDKs and Tools Reference Guide, "Environment variables"; pixi's reference, "pixi upload s3".
"""

from __future__ import annotations

from chaninfra.channel.providers.aws_partitions import dns_suffix
from chaninfra.manifest.client_access import ChannelAccess
from chaninfra.manifest.formats.aws_config import profile_name
from chaninfra.manifest.request import PRINTED, ManifestRequest
from chaninfra.manifest.text import shell


def env(settings: ManifestRequest) -> str:
    """The exports; no key is among them."""
    client = settings.one_bucket()
    found = {"CHANINFRA_CHANNEL": client.descriptor.url} if len(settings.clients) == 1 else {}
    if client.way == "aws":
        note = "The keys: a profile, a login, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        if settings.profile:
            found["AWS_PROFILE"] = profile_name(settings)
        found |= aws_variables(client)
    else:
        note = "The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, where there is one, S3_SESSION_TOKEN."
        found |= s3_variables(client)
    return shell.script([PRINTED, note], shell.exports(found))


def aws_variables(client: ChannelAccess) -> dict[str, str]:
    """What the tools of AWS read; the endpoint where it is not AWS's own."""
    place = client.descriptor
    usual = f"https://s3.{place.region}.{dns_suffix(place.region)}"
    own = {"AWS_ENDPOINT_URL_S3": place.endpoint_url} if place.endpoint_url != usual else {}
    return {"AWS_REGION": place.region, **own}


def s3_variables(client: ChannelAccess) -> dict[str, str]:
    """What `pixi upload s3`, `rattler-build upload s3` and chaninfra read."""
    return {
        "S3_ENDPOINT_URL": client.descriptor.endpoint_url,
        "S3_REGION": client.descriptor.region,
        "S3_ADDRESSING_STYLE": client.addressing_style,
    }
