"""pixi.toml: the channels before conda-forge, and the s3-options of their buckets.

The format is pixi's manifest (pixi.sh, reference "pixi manifest", and the JSON schema that it publishes).
`[workspace.s3-options.<bucket>]` has exactly three keys, all of them required. A bucket that has it is looked up in
pixi's credential store; one that has not is reached as any AWS tool reaches it.
"""

from __future__ import annotations

from collections.abc import Sequence

from chaninfra.channel.descriptor import Descriptor
from chaninfra.channel.subdirs import DEFAULT_SUBDIRS, NOARCH
from chaninfra.manifest import toml
from chaninfra.manifest.access import Auth, url, way


def pixi_toml(descriptors: Sequence[Descriptor], auth: Auth | None) -> str:
    """A complete pixi.toml; the first channel names the workspace. Raises ConfigurationError, see `way`."""
    ways = [(descriptor, way(descriptor, auth)) for descriptor in descriptors]
    buckets = {descriptor.bucket: descriptor for descriptor, chosen in ways if chosen == "pixi"}
    lines = [toml.comment(line) for line in _notes(ways)]
    lines += [
        "[workspace]",
        f"name = {toml.string(descriptors[0].name)}",
        f"channels = {toml.array([*(url(descriptor, chosen) for descriptor, chosen in ways), 'conda-forge'])}",
        f"platforms = {toml.array(_platforms(descriptors))}",
    ]
    for bucket, descriptor in buckets.items():
        lines += ["", f"[{toml.key('workspace', 's3-options', bucket)}]", *s3_options(descriptor)]
    return "\n".join(lines) + "\n"


def s3_options(descriptor: Descriptor) -> list[str]:
    """The three lines of a bucket's s3-options."""
    return [
        f"endpoint-url = {toml.string(descriptor.endpoint_url)}",
        f"region = {toml.string(descriptor.region)}",
        f"force-path-style = {toml.boolean(descriptor.force_path_style)}",
    ]


def _platforms(descriptors: Sequence[Descriptor]) -> list[str]:
    order = dict.fromkeys(subdir for each in descriptors for subdir in each.subdirs if subdir != NOARCH)
    # A noarch package is at home everywhere, but a workspace needs a platform.
    return [*order] or [subdir for subdir in DEFAULT_SUBDIRS if subdir != NOARCH]


def _notes(ways: Sequence[tuple[Descriptor, Auth]]) -> list[str]:
    """How to get in: what each bucket needs, once."""
    notes = ["Printed by `chaninfra manifest`."]
    for descriptor, chosen in ways:
        bucket = f"s3://{descriptor.bucket}"
        match chosen:
            case "pixi":
                note = f"Log in once: pixi auth login {bucket} --s3-access-key-id ... --s3-secret-access-key ..."
            case "aws":
                note = (
                    f"{bucket} is reached with your AWS credentials: environment, AWS_PROFILE, SSO or role "
                    f"(region {descriptor.region}, endpoint {descriptor.endpoint_url})."
                )
            case "public":
                note = f"{url(descriptor, chosen)} is public: no login is needed."
        if note not in notes:
            notes.append(note)
    return notes
