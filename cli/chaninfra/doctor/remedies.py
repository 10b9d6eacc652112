"""Remedies that users can copy and run: command lines with CHANNEL and the store's flags as they were given."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.outputs.descriptor import Descriptor

Source = Literal["s3", "stack", "descriptor"]
"""The form of CHANNEL: s3://BUCKET/PREFIX, a stack, or a descriptor (a file or an https URL)."""
Setting = Literal["region", "force-path-style", "endpoint-url"]

_WITH_CHANNEL_OPTION = ("publish", "yank", "unyank")
"""Commands that take CHANNEL as `-c CHANNEL`; the others take it as an argument."""


@dataclass(frozen=True, kw_only=True)
class Remedies:
    """Builds command lines for one channel.

    `channel`: CHANNEL as given, None if it was not. `flags`: the store's flags as given ("--region" → "eu-1"), without
    access keys. `stack`: the stack's name, if CHANNEL is stack:NAME.
    """

    source: Source
    channel: str | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    stack: str | None = None

    def command(self, command: str, *arguments: str, **changed: str) -> str:
        """The command line of `chaninfra COMMAND` for this channel; `changed` (snake case) adds or replaces flags."""
        flags = {**self.flags, **{f"--{name.replace('_', '-')}": value for name, value in changed.items()}}
        words = ["chaninfra", command]
        if self.channel is not None:
            words += ["-c", self.channel] if command in _WITH_CHANNEL_OPTION else [self.channel]
        words += arguments
        for flag, value in flags.items():
            words += [f"{flag}={value}"] if flag == "--force-path-style" else [flag, value]
        return shlex.join(words)

    def init(self, subdirs: Iterable[str] = ()) -> str:
        """The command that writes channel.json; `subdirs` are passed unless CHANNEL is a descriptor, which has them."""
        platforms = [] if self.source == "descriptor" else [subdir for subdir in subdirs if subdir != NOARCH]
        return self.command("init", *(word for subdir in platforms for word in ("--subdir", subdir)))

    def create(self, descriptor: Descriptor) -> str:
        """The command that writes a missing channel.json; for s3:// with the whole location of `descriptor`."""
        match self.source:
            case "stack":
                return self.pulumi_up()
            case "descriptor":
                return self.init()
        return self.command("init", **_store_flags(descriptor))

    def single_writer(self, descriptor: Descriptor) -> str:
        """How to declare that only one writer writes at a time: a command, or words where `init` lacks the flags."""
        if self.source != "s3" or not descriptor.may_be_of_init:
            # Imported here, since every command imports this module.
            from chaninfra.channel.probe.write_mode import SINGLE

            return SINGLE
        flags = [word for subdir in descriptor.subdirs if subdir != NOARCH for word in ("--subdir", subdir)]
        flags += ["--name", descriptor.name, "--visibility", descriptor.visibility]
        flags += ["--public-url", descriptor.public_url] if descriptor.public_url else []
        return self.command("init", *flags, "--writers", "single", **_store_flags(descriptor))

    def pulumi_up(self) -> str:
        """The command that applies the stack config."""
        return shlex.join(["pulumi", "up", *self._stack_option()])

    def stack_config(self, key: str, value: str) -> str:
        """How to change a key of the stack config: commands if CHANNEL is a stack, else words."""
        if self.source == "stack":
            command = shlex.join(["pulumi", "config", "set", key, value, *self._stack_option()])
            return f"{command} && {self.pulumi_up()}"
        return f"set `{key}` to {value} in its stack config, and run `pulumi up`"

    def store_setting(self, setting: Setting, value: str, *, stored: bool) -> str:
        """How to correct a setting of the store where it was made: a flag, the stack config or channel.json.

        `stored`: the wrong value comes from channel.json.
        """
        flag = f"--{setting}"
        if flag in self.flags or (self.source == "s3" and not stored):
            return self.command("doctor", **{setting.replace("-", "_"): value})
        if self.source == "stack":
            return self.stack_config(setting, value)
        return f"{self.stack_config(setting, value)}; without a stack, correct it in channel.json"

    def _stack_option(self) -> list[str]:
        return ["--stack", self.stack] if self.stack else []


def _store_flags(descriptor: Descriptor) -> dict[str, str]:
    """The store options that describe the location of a channel, for `Remedies.command`."""
    return {
        "provider": descriptor.provider,
        "endpoint_url": descriptor.endpoint_url,
        "region": descriptor.region,
        "force_path_style": str(descriptor.force_path_style).lower(),
    }
