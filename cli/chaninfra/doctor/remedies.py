"""Remedies that users can copy and run: command lines with CHANNEL and the store's flags as they were given."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from chaninfra.channel.conda.subdirs import NOARCH
from chaninfra.channel.outputs.descriptor import Descriptor
from chaninfra.channel.probe.finding import CheckResult

Source = Literal["s3", "stack", "descriptor"]
"""The form of CHANNEL: s3://BUCKET/PREFIX, a stack, or a descriptor (a file or an https URL)."""
Setting = Literal["region", "force-path-style", "endpoint-url"]

_CHANNEL_OPTIONS = {
    **dict.fromkeys(("publish", "yank", "unyank", "delete"), "-c"),
    **dict.fromkeys(
        ("snapshot create", "snapshot rm", "notice add", "notice rm", "patch add", "patch rm", "patch import"), "-c"
    ),
    "copy": "--to",
}
"""Command → the option with which it takes CHANNEL; the others take it as an argument."""
_BARE = re.compile(
    r"`chaninfra (reindex|gc|ls|doctor|init|publish)"
    r"((?: --(?:force|check|probe|as [a-z]+|writers [a-z]+))+(?: FILE)?|(?<!publish))`"
)
"""A command without CHANNEL and store flags, which is how modules name one that know no command line."""
_BARE_IN_GROUP = re.compile(r"`chaninfra ((?:snapshot (?:create|ls|rm)|notice (?:add|ls|rm)))((?: [A-Za-z0-9._-]+)?)`")
_BARE_PATCH = re.compile(r"`chaninfra (patch (?:add|ls|rm|import|export))((?: [^`\s-][^`\s]*)?(?: --subdir [^`\s]+)?)`")


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
        words = ["chaninfra", *command.split()]
        if self.channel is not None:
            words += [*([_CHANNEL_OPTIONS[command]] if command in _CHANNEL_OPTIONS else []), self.channel]
        words += arguments
        for flag, value in flags.items():
            words += [f"{flag}={value}"] if flag == "--force-path-style" else [flag, value]
        return shlex.join(words)

    def filled(self, text: str) -> str:
        """The text with CHANNEL and the flags in each command that stands there without them: `chaninfra reindex`."""
        for form in (_BARE, _BARE_IN_GROUP, _BARE_PATCH):
            text = form.sub(lambda bare: f"`{self.command(bare[1], *bare[2].split())}`", text)
        return text

    def init(self, subdirs: Iterable[str] = (), **changed: str) -> str:
        """The command that writes channel.json; `subdirs` are passed unless CHANNEL is a descriptor, which has them.
        `changed`: see `command`.
        """
        platforms = [] if self.source == "descriptor" else [subdir for subdir in subdirs if subdir != NOARCH]
        return self.command("init", *(word for subdir in platforms for word in ("--subdir", subdir)), **changed)

    def create(self, descriptor: Descriptor) -> str:
        """The command that writes a missing channel.json; for s3:// with the whole location of `descriptor`."""
        match self.source:
            case "stack":
                return self.pulumi_up()
            case "descriptor":
                return self.init()
        from chaninfra.channel.probe.write_mode import store_flags

        return self.command("init", **store_flags(descriptor))

    def single_writer(self, descriptor: Descriptor) -> str:
        """How to declare that only one writer writes at a time: a command, or words where `init` lacks the flags."""
        # Imported here, since every command imports this module.
        from chaninfra.channel.probe.write_mode import SINGLE, single_words, store_flags

        if self.source == "descriptor":
            return self.command("init", "--writers", "single")
        words = single_words(descriptor) if self.source == "s3" else None
        return SINGLE if words is None else self.command("init", *words, **store_flags(descriptor))

    def put_page(self, descriptor: Descriptor) -> str:
        """How to put the page of the channel: a command, or words where `init` lacks the flags."""
        from chaninfra.channel.probe.write_mode import init_words, store_flags

        if self.source == "stack":
            return f"{self.pulumi_up()} --refresh"
        if self.source == "descriptor":
            return self.command("init")
        words = init_words(descriptor)
        in_stack = "run `pulumi up --refresh` in the stack that declares the channel"
        return in_stack if words is None else self.command("init", *words, **store_flags(descriptor))

    def no_page(self, descriptor: Descriptor) -> str:
        """How to declare that the channel has no page: a command, or words where `init` lacks the flags."""
        from chaninfra.channel.probe.write_mode import init_words, store_flags

        words = init_words(descriptor) if self.source == "s3" else None
        if words is None:
            return self.stack_config("page", "false")
        return self.command("init", *words, "--no-page", **store_flags(descriptor))

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


def filled(result: CheckResult, remedies: Remedies) -> CheckResult:
    """The result, where the commands in its remedy name the channel."""
    return replace(result, remedy=result.remedy and remedies.filled(result.remedy))
