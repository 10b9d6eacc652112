"""Shell variables that say where the bucket is: for the AWS tools, uploads by pixi and rattler-build, and chaninfra.

Sources: AWS SDKs and Tools Reference Guide, "Environment variables"; pixi's reference, "pixi upload s3".
"""

from __future__ import annotations

from chaninfra.channel.providers.aws_partitions import dns_suffix
from chaninfra.manifest.client_access import ClientChannel
from chaninfra.manifest.formats.aws_config import profile_name
from chaninfra.manifest.rendered import Rendered
from chaninfra.manifest.request import PRINTED_BY, ManifestRequest
from chaninfra.manifest.text import shell


def env(request: ManifestRequest) -> Rendered:
    """The `export` lines; they hold no access key."""
    access = request.in_only_bucket()
    variables = {"CHANINFRA_CHANNEL": access.descriptor.url} if len(request.channels) == 1 else {}
    if access.method == "aws":
        note = "The keys: a profile, a login, a role, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        if access.store_kind != "aws":
            # rattler_s3 0.4 asks the SDK for the endpoint of all services.
            note += " `pixi upload s3` and `rattler-build upload s3` do not read AWS_ENDPOINT_URL_S3: use --auth pixi."
        if request.profile:
            variables["AWS_PROFILE"] = profile_name(request)
        variables |= aws_variables(access) | boto3_variables(access)
    else:
        note = f"The keys: S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY and, if set, S3_SESSION_TOKEN. {NEED_ENTRY}"
        variables |= s3_variables(access)
    return Rendered((PRINTED_BY, note), shell.script(shell.exports(variables)))


NEED_ENTRY = (
    "`pixi publish` and `rattler-build publish` need the bucket's entry in pixi's store besides S3_*: chaninfra "
    "manifest --format login, or auth-file."
)
"""pixi 0.77, where a bucket has s3-options: "no credentials were found in the auth store"."""


def aws_variables(access: ClientChannel) -> dict[str, str]:
    """The variables that the AWS tools and pixi read; the endpoint only if it is not AWS's own."""
    return {"AWS_REGION": access.descriptor.region, **_endpoint(access)}


def boto3_variables(access: ClientChannel) -> dict[str, str]:
    """The same for boto3, with which conda reads: it has the region from this variable alone, or from a profile."""
    return {"AWS_DEFAULT_REGION": access.descriptor.region, **_endpoint(access)}


def _endpoint(access: ClientChannel) -> dict[str, str]:
    descriptor, variables = access.descriptor, {}
    if descriptor.endpoint_url != f"https://s3.{descriptor.region}.{dns_suffix(descriptor.region)}":
        variables["AWS_ENDPOINT_URL_S3"] = descriptor.endpoint_url
    return variables


def s3_variables(access: ClientChannel) -> dict[str, str]:
    """The variables that `pixi upload s3`, `rattler-build upload s3` and chaninfra read."""
    return {
        "S3_ENDPOINT_URL": access.descriptor.endpoint_url,
        "S3_REGION": access.descriptor.region,
        "S3_ADDRESSING_STYLE": access.addressing_style,
    }
