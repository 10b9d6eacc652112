"""Remedies that can be copied and run: command lines with the channel and the store's flags as they were given."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Source = Literal["place", "stack", "document"]
"""What CHANNEL was: s3://BUCKET/PREFIX, a stack, or a descriptor at hand."""
Setting = Literal["region", "force-path-style", "endpoint-url"]

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
