"""How to run the followers of a stack's channels, and what the operator of the server sets for them. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from shlex import join, quote

from chaninfra.channel.location import Location
from chaninfra.channel.location import join as joined
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.providers.templates import fill
from chaninfra.channel.spec.model import ChannelSpec, StackSpec

PORT = 8765
"""The port on which the first follower of a stack listens; each other one has the next."""
_FILE = "follow-secret"
_EVERY = "30s"


def follow_steps(stack: StackSpec, stack_file: str) -> Iterator[tuple[ChannelSpec, tuple[str, ...]]]:
    """(channel, steps) for each channel that follows; on AWS none, where the stack itself makes the follower."""
    provider = stack.bucket.provider
    if provider.backend == "aws":
        return
    events = provider.events
    for number, channel in enumerate(stack.following):
        # A server that has one URL for all its events can tell one follower.
        told = channel.event_target is not None or (events is not None and (events.target is not None or not number))
        if not told:
            yield channel, (_needs(), _follow(stack, channel, "--every", _EVERY))
            continue
        # Its port is also in the settings of the server.
        port = PORT + number
        secret = f"{_FILE}-{number}" if number else _FILE
        listening = ("--listen", f"127.0.0.1:{port}", "--secret-file", secret)
        beside = ("--every", events.every) if events and events.every else ()
        id_ = target_id(channel.event_target) if channel.event_target else _new_id(stack, channel)
        steps = [
            f"(umask 077; openssl rand -hex 32 > {secret})",
            f"in all that follows, put the text of {secret} in the place of SECRET",
            _needs(),
            _follow(stack, channel, *listening, *beside),
            "127.0.0.1 is for a follower beside the server; from another machine, put a proxy with TLS before the "
            "follower, and its URL below",
            *server_settings(provider, stack.bucket.location, id_, port),
        ]
        if events and events.target is not None and channel.event_target is None:
            arn = fill(events.target, {"target-id": id_, "region": stack.bucket.location.region})
            steps.append(
                f"in {quote(stack_file)}, in `index.follow` of the channel {channel.name}, set `target: {arn}`; then "
                "run `pulumi up` again"
            )
        yield channel, tuple(steps)


def mirror_steps(stack: StackSpec) -> Iterator[tuple[ChannelSpec, tuple[str, ...]]]:
    """(channel, steps) for each channel with mirrors that nothing runs: a process that follows runs those with `every`,
    and the function on AWS none.
    """
    on_aws = stack.bucket.provider.backend == "aws"
    for channel in stack.channels:
        runs = channel in stack.following and not on_aws
        left = [name for name, mirror in channel.mirrors.items() if mirror.every is None or not runs]
        if not left:
            continue
        which = ["--mirrors"] if len(left) == len(channel.mirrors) else [f"--mirror {name}" for name in left]
        to = join(["--to", *place_words(stack, channel)])
        steps = [
            "let a scheduler run this, with the role or the key of a maintainer, and the credentials for the sources:",
            *(f"chaninfra copy {each} {to}" for each in which),
        ]
        if not on_aws:
            steps.append(
                "or set `every` in the mirrors, and run a follower: `chaninfra follow` runs them when they are due"
            )
        yield channel, tuple(steps)


def server_settings(provider: Provider, location: Location, id_: str, port: int = PORT) -> tuple[str, ...]:
    """What the operator does so that the server sends its events to the follower."""
    if provider.events is None:
        return (f"let the target {id_} send to http://127.0.0.1:{port}/, with SECRET as the bearer token",)
    values = {"endpoint-url": location.endpoint_url, "region": location.region, "bucket": location.bucket}
    quoted = {name: quote(value) for name, value in {**values, "target-id": id_, "port": str(port)}.items()}
    return tuple(fill(line, quoted) for line in provider.events.settings)


def target_id(arn: str) -> str:
    """The name of the target in its ARN: `x` of arn:minio:sqs::x:webhook and of arn:aws:sns:default::x."""
    parts = arn.split(":")
    return parts[4] if parts[2] == "sqs" else parts[5]


def _new_id(stack: StackSpec, channel: ChannelSpec) -> str:
    """A name for the target of a channel, with which names of variables may end."""
    if len(stack.following) == 1:
        return "chaninfra"
    return f"chaninfra_{re.sub(r'[^A-Za-z0-9]', '_', channel.prefix)}"[:64]


def _needs() -> str:
    return "with the access key of a maintainer in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, as a service:"


def _follow(stack: StackSpec, channel: ChannelSpec, *options: str) -> str:
    return join(["chaninfra", "follow", *place_words(stack, channel), *options])


def place_words(stack: StackSpec, channel: ChannelSpec) -> list[str]:
    """CHANNEL and the options of its store, for a command that runs without a channel.json and without the stack."""
    location, provider = stack.bucket.location, stack.bucket.provider
    words = [f"s3://{joined(location.bucket, channel.prefix)}", "--provider", provider.name]
    words += ["--endpoint-url", location.endpoint_url, "--region", location.region]
    if location.force_path_style != (provider.addressing.value == "path"):
        words.append(f"--force-path-style={str(location.force_path_style).lower()}")
    return words
