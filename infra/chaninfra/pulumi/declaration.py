"""The arguments of the components: the stack config's keys in Pulumi's spelling, and the few that may be outputs.

What decides which resources there are (provider, prefix, subdirs, who has access) must be known when the program runs.
Names that another resource gets from its cloud (a KMS key, a certificate, a role) may be outputs: a text of the same
form stands for each of them until it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeVar

import pulumi

from chaninfra.channel.config.schema import STACK_CONFIG, load
from chaninfra.channel.config.stack import CREDENTIALS, OUTPUT_PLACEHOLDERS, SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.policy.bucket import STATEMENTS
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import ChannelSpec, StackSpec
from chaninfra.pulumi.errors import users_mistakes

T = TypeVar("T")

Path = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Declaration:
    """What a component declares: its name, and the bucket and channels with a text in place of what is not known."""

    name: str
    stack: StackSpec
    where: str = ""
    raw: dict[str, Any] = field(default_factory=dict)
    late: dict[Path, pulumi.Output[Any]] = field(default_factory=dict)
    region: str | None = None

    def of(self, make: Callable[[StackSpec], T]) -> pulumi.Input[T]:
        """What `make` makes of the stack; an output where something in it is one."""
        if not self.late:
            return make(self.stack)
        return self._known.apply(make)

    def named(self, channel: ChannelSpec) -> str:
        """What the names of a channel's own resources begin with; by the prefix, since its display name may change."""
        return f"{self.name}-{channel.prefix or 'channel'}"

    @cached_property
    def _known(self) -> pulumi.Output[StackSpec]:
        return pulumi.Output.all(*self.late.values()).apply(self._with)

    def _with(self, values: list[Any]) -> StackSpec:
        raw = deepcopy(self.raw)
        for path, value in zip(self.late, values, strict=True):
            place = raw
            for key in path[:-1]:
                place = place[key]
            place[path[-1]] = value
        with users_mistakes():
            return build_spec(raw, where=self.where, default_region=self.region)


def whole(value: Any) -> Any:
    """The value with whole numbers as such: they come as floats from other languages."""
    if isinstance(value, Mapping):
        return {key: whole(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [whole(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def as_keys(
    args: Mapping[str, Any], definition: str, where: str, late: dict[Path, pulumi.Output[Any]] | None = None
) -> dict[str, Any]:
    """The arguments as keys of that definition of the stack config; outputs that may be there are put into `late`.

    Raises ConfigurationError for one that may not.
    """
    definitions = load(STACK_CONFIG)["$defs"]
    outputs = {} if late is None else late

    def walk(value: Any, schema: dict[str, Any], of: str, path: Path) -> Any:
        options = (schema, *schema.get("anyOf", ()))
        referring = next((option["$ref"] for option in options if "$ref" in option), None)
        if referring is not None:
            of = referring.rsplit("/", 1)[1]
            schema = definitions[of]
        if isinstance(value, pulumi.Output):
            place = (of, path[-1])
            if place not in OUTPUT_PLACEHOLDERS or late is None:
                raise ConfigurationError(
                    f"`{'.'.join(path)}` is an output, and what is declared follows from it",
                    where=f"{where}, key {'.'.join(path)}",
                    remedy="give the value itself: what the program knows when it runs, its config for one",
                )
            outputs[path] = value
            return OUTPUT_PLACEHOLDERS[place]
        if isinstance(value, Mapping):
            known, rest = schema.get("properties", {}), schema.get("additionalProperties") or {}
            found = {}
            for name, item in value.items():
                key = name.replace("_", "-") if known else name
                if item is not None:
                    found[key] = walk(item, known.get(key, rest if not known else {}), of, (*path, key))
            return found
        if isinstance(value, list | tuple):
            return [walk(item, schema.get("items") or {}, of, path) for item in value]
        return whole(value)

    found: dict[str, Any] = walk(dict(args), {"$ref": f"#/$defs/{definition}"}, definition, ())
    return found


def declare(kind: str, name: str, args: Mapping[str, Any], region: str | None = None) -> Declaration:
    """What the component `name` with these arguments declares; `region` is where AWS is unless they say.

    Raises pulumi.RunError for a user's mistake.
    """
    where = f"{kind} {name!r}"
    late: dict[Path, pulumi.Output[Any]] = {}
    with users_mistakes():
        raw = _raw(args, where, late)
        stack = build_spec(raw, where=where, default_region=region)
        # Made here once, so that one that AWS would not take is refused before anything is made.
        STATEMENTS[stack.bucket.provider.backend](stack)
    return Declaration(name=name, stack=stack, where=where, raw=raw, late=late, region=region)


def _raw(args: Mapping[str, Any], where: str, late: dict[Path, pulumi.Output[Any]]) -> dict[str, Any]:
    raw = as_keys(args, "config", where, late)
    for key in CREDENTIALS:
        if key in raw:
            raise ConfigurationError(
                "credentials are no argument: inputs lie in the state in clear",
                where=f"{where}, key {key}",
                remedy="set them for the stack: pulumi config set access-key-id, and with --secret "
                f"{' and '.join(SECRET_KEYS)}; or use `profile` or the environment",
            )
    return raw
