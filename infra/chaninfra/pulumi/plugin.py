"""`pulumi-resource-chaninfra`: hosts the components for programs in other languages."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError, InputPropertyError
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from chaninfra.pulumi.components.bucket import ChannelBucket, CondaChannel
from chaninfra.pulumi.components.grants import Publisher, Reader
from chaninfra.pulumi.errors import camel_case, spell

COMPONENTS: list[type[pulumi.ComponentResource]] = [CondaChannel, ChannelBucket, Publisher, Reader]


class Host(ComponentProvider):
    """What `pulumi.provider.experimental.component_provider_host` runs, but that a user's mistake has no traceback, and
    a block that is an output as a whole is an error instead of nothing."""

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
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
                raise InputPropertyError(path, "is an output as a whole, and what is declared follows from it")
        return super().map_input_properties(inputs, properties, mapping, component_name, property_path)


def provider() -> Host:
    """The provider, with the schema of the components."""
    return Host(COMPONENTS, "chaninfra", version=version("chaninfra"))


def run() -> None:
    """What the engine starts, with its address among the arguments."""
    spell(camel_case)
    main(provider(), sys.argv[1:])
