"""`pulumi-resource-chaninfra`: the provider plugin, with the components for programs in other languages."""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyError
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.analyzer import Analyzer
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from chaninfra.channel.config.arguments import kebab_case
from chaninfra.pulumi.components.bucket import ChannelBucket, CondaChannel
from chaninfra.pulumi.components.grants import Publisher, Reader
from chaninfra.pulumi.errors import UserError, camel_case, spelled

COMPONENTS: list[type[pulumi.ComponentResource]] = [CondaChannel, ChannelBucket, Publisher, Reader]


def about_output(component: type, name: str) -> str:
    """The docstring below the output `name` (in snake_case) in the class, or the base class, that declares it.

    Raises ValueError if there is none.
    """
    analyzer = Analyzer("chaninfra")
    for each in component.__mro__:
        if words := analyzer.get_docstring(each, name):
            return " ".join(words.split())
    raise ValueError(f"{component.__name__}.{name} has no docstring")


class Host(ComponentProvider):
    """The provider of `pulumi.provider.experimental.component_provider_host`, with three differences: a user's error
    has no traceback, an Output in place of a whole block is an error instead of being ignored, and outputs that a base
    class declares are described in the schema."""

    def __init__(self, components: list[type[pulumi.ComponentResource]], name: str, version: str) -> None:
        super().__init__(components, name, version=version)
        schema = json.loads(self.schema or "{}")
        for component in components:
            outputs = schema["resources"][f"{name}:index:{component.__name__}"]["properties"]
            for key, output in outputs.items():
                output["description"] = about_output(component, kebab_case(key).replace("-", "_"))
        self.schema = json.dumps(schema)

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, UserError):
                raise InputPropertiesError(spelled(error.inner.error, camel_case)) from None
            if isinstance(error.inner, pulumi.RunError):
                raise InputPropertiesError(str(error.inner)) from None
            raise

    def map_input_properties(
        self, inputs: Any, properties: Any, mapping: dict[str, str], component_name: str, property_path: str
    ) -> Any:
        for key, prop in properties.items():
            block = (prop.ref or "").startswith("#/types/")
            given = inputs.get(key) if isinstance(inputs, dict) else None
            if block and given is not None and not isinstance(given, dict):
                path = f"{property_path}.{key}" if property_path else key
                raise InputPropertyError(path, "must be a block of plain values, not an Output")
        return super().map_input_properties(inputs, properties, mapping, component_name, property_path)


def provider() -> Host:
    """The provider plugin; its schema is made from the components' annotations."""
    return Host(COMPONENTS, "chaninfra", version=version("chaninfra"))


def run() -> None:
    """The console script. The engine starts it with its own address as an argument."""
    main(provider(), sys.argv[1:])
