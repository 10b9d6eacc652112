"""What a component or the stack program declares, with the Outputs among its values.

A component's arguments are the keys of the stack config in Pulumi's spelling. The values that decide which resources
there are (provider, prefix, subdirs, principals) must be plain. Names that another resource gets from its cloud (a KMS
key's ARN, a certificate's, a role's) may be Outputs: until one is known, a placeholder of the same form is in its place
(`OUTPUT_PLACEHOLDERS`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import pulumi

from chaninfra.channel.config.arguments import config_keys_of
from chaninfra.channel.config.stack import CREDENTIALS, OUTPUT_PLACEHOLDERS, SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.extras import require
from chaninfra.channel.policy.bucket import STATEMENTS
from chaninfra.channel.policy.follower import check_follower_rights
from chaninfra.channel.providers.model import Provider
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import ChannelSpec, StackSpec
from chaninfra.pulumi.errors import user_errors
from chaninfra.pulumi.handlers.base import with_integers

T = TypeVar("T")

_PACKAGES = {"aws": ("pulumi_aws",)}
"""Backend → the modules that declare its resources, besides Pulumi's SDK."""

Path = tuple[str, ...]
"""Config keys from the outermost: ("aws", "kms-key-arn")."""


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """A bucket and its channels, as a component or the stack program declares them."""

    name: str
    """The component's resource name; the names of all its children begin with it."""
    stack: StackSpec
    """The spec, with a placeholder for each Output."""
    where: str = ""
    """The component or the settings file, for errors: "CondaChannel 'packages'"."""
    config: dict[str, Any] = field(default_factory=dict)
    """The config keys that `stack` was built from. Needed only if there are `outputs`."""
    outputs: dict[Path, pulumi.Output[Any]] = field(default_factory=dict)
    """Path in `config` of a placeholder → the Output whose value belongs there."""
    region: str | None = None
    """The AWS region if the config names none."""

    def apply(self, make: Callable[[StackSpec], T]) -> pulumi.Input[T]:
        """`make(stack)`; if there are Outputs, an Output of it with their values in place of the placeholders."""
        if not self.outputs:
            return make(self.stack)
        return self._resolved.apply(make)

    def name_of(self, channel: ChannelSpec) -> str:
        """The prefix of the resource names of a channel. From the channel's object prefix, since its `name` is only for
        display and may change."""
        return f"{self.name}-{channel.prefix or 'channel'}"

    @cached_property
    def _resolved(self) -> pulumi.Output[StackSpec]:
        return pulumi.Output.all(*self.outputs.values()).apply(self._with_values)

    def _with_values(self, values: list[Any]) -> StackSpec:
        config = deepcopy(self.config)
        for path, value in zip(self.outputs, values, strict=True):
            block = config
            for key in path[:-1]:
                block = block[key]
            block[path[-1]] = value
        with user_errors():
            return build_spec(config, where=self.where, default_region=self.region)


def checked_spec(config: dict[str, Any], *, where: str, region: str | None) -> StackSpec:
    """The spec of these config keys, and a check that AWS would accept its policies (their sizes, for example).

    Checked before any resource is declared, so that nothing is made if it is refused. Raises ConfigurationError, also
    for a backend whose provider is not installed.
    """
    stack = build_spec(config, where=where, default_region=region)
    check_packages(stack.bucket.provider)
    STATEMENTS[stack.bucket.provider.backend](stack)
    check_follower_rights(stack)
    return stack


def check_packages(provider: Provider) -> None:
    """Raise MissingExtraError if the package of the provider's backend is not installed."""
    require("pulumi", "pulumi", *_PACKAGES.get(provider.backend, ()), what=f"a channel on {provider.title}")


def declare(kind: str, name: str, args: Mapping[str, Any], region: str | None = None) -> Declaration:
    """The declaration of the component `name` of class `kind` with these arguments; `region` is the AWS region if they
    name none. Raises UserError.
    """
    where = f"{kind} {name!r}"
    outputs: dict[Path, pulumi.Output[Any]] = {}
    with user_errors():
        config = as_config(args, "config", where, outputs)
        for key in CREDENTIALS:
            if key in config:
                raise ConfigurationError(
                    "credentials cannot be arguments, since the state holds arguments in plain text",
                    where=where,
                    key=(key,),
                    remedy="set them in the stack's config: pulumi config set access-key-id, and with --secret "
                    f"{' and '.join(SECRET_KEYS)}; or use `profile` or the environment",
                )
        stack = checked_spec(config, where=where, region=region)
    return Declaration(name=name, stack=stack, where=where, config=config, outputs=outputs, region=region)


def as_config(
    args: Mapping[str, Any], definition: str, where: str, outputs: dict[Path, pulumi.Output[Any]] | None = None
) -> dict[str, Any]:
    """The arguments as config keys of a definition in the stack config's schema: `endpoint_url` → `endpoint-url`.

    So are keys in camelCase, which a program in another language can have in an argument without a type.

    Names that users chose, of principals for example, keep their spelling. Outputs are added to `outputs` and replaced
    by placeholders. Raises ConfigurationError for an Output that has no placeholder, or if `outputs` is None.
    """

    def leaf(value: Any, of: str, path: Path) -> Any:
        if isinstance(value, pulumi.Output):
            return placeholder(value, of, path)
        return NotImplemented if isinstance(value, Mapping | list | tuple) else with_integers(value)

    def placeholder(output: pulumi.Output[Any], of: str, path: Path) -> str:
        place = (of, path[-1])
        if outputs is None or place not in OUTPUT_PLACEHOLDERS:
            raise ConfigurationError(
                f"`{'.'.join(path)}` must be a plain value, not an Output",
                where=where,
                key=path,
                remedy="give a value that is known when the program runs, for example from its config",
            )
        outputs[path] = output
        return OUTPUT_PLACEHOLDERS[place]

    return config_keys_of(args, definition, leaf)
