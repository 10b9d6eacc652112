"""Remedies that can be copied and run: command lines with the channel and the store's flags as they were given."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.outputs.descriptor import DescribedIndex, Descriptor
from chaninfra.channel.probe.write_mode import SINGLE

Source = Literal["place", "stack", "document"]
"""What CHANNEL was: s3://BUCKET/PREFIX, a stack, or a descriptor at hand."""
Setting = Literal["region", "force-path-style", "endpoint-url"]

_BY_AWS = "organization"
_AS_OPTION = ("publish", "yank", "unyank")


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """How the channel was named: `channel` None where it was left out; `flags` are the store's, without a secret.

    `stack` is the name of the stack, where CHANNEL was one and had a name.
    """

    source: Source
    channel: str | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    stack: str | None = None

    def run(self, command: str, *arguments: str, **changed: str) -> str:
        """The command line of a command of ours on this channel; `changed` are flags (snake case) to be given."""
        flags = {**self.flags, **{f"--{name.replace('_', '-')}": value for name, value in changed.items()}}
        words = ["chaninfra", command]
        if self.channel is not None:
            words += ["-c", self.channel] if command in _AS_OPTION else [self.channel]
        words += arguments
        for flag, value in flags.items():
            words += [f"{flag}={value}"] if flag == "--force-path-style" else [flag, value]
        return shlex.join(words)

    def init(self, subdirs: Iterable[str] = ()) -> str:
        """What writes channel.json: of these subdirs, where CHANNEL is no document that says it."""
        platforms = [] if self.source == "document" else [each for each in subdirs if each != NOARCH]
        return self.run("init", *(word for each in platforms for word in ("--subdir", each)))

    def single(self, described: Descriptor) -> str:
        """What records that one writes at a time."""
        index = msgspec.structs.replace(described.index, writers="many", conditional_writes=None)
        if self.source != "place" or index != DescribedIndex() or described.cdn or described.visibility == _BY_AWS:
            # There are no flags for these.
            return SINGLE
        flags = [word for each in described.subdirs if each != NOARCH for word in ("--subdir", each)]
        flags += ["--name", described.name, "--visibility", described.visibility]
        flags += ["--public-url", described.public_url] if described.public_url else []
        return self.run(
            "init",
            *flags,
            "--writers",
            "single",
            provider=described.provider,
            endpoint_url=described.endpoint_url,
            region=described.region,
            force_path_style=str(described.force_path_style).lower(),
        )

    def up(self) -> str:
        """What puts a stack in line with its config."""
        return shlex.join(["pulumi", "up", *self._of_stack()])

    def declare(self, setting: str, value: str) -> str:
        """What changes a key of the stack config, where there is one; else the change in words."""
        if self.source == "stack":
            return shlex.join(["pulumi", "config", "set", setting, value, *self._of_stack()]) + f" && {self.up()}"
        return f"set `{setting}` to {value} in its stack config, and run `pulumi up`"

    def set(self, setting: Setting, value: str, *, written: bool) -> str:
        """What changes where the store is looked for; `written`: a channel.json says it, and no flag does."""
        flag = f"--{setting}"
        if flag in self.flags or (self.source == "place" and not written):
            return self.run("doctor", **{setting.replace("-", "_"): value})
        if self.source == "stack":
            return self.declare(setting, value)
        return f"{self.declare(setting, value)}; without a stack, correct it in channel.json"

    def _of_stack(self) -> list[str]:
        return ["--stack", self.stack] if self.stack else []
