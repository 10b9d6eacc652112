"""`pulumi-resource-chaninfra`: hosts the components for programs in other languages."""

from __future__ import annotations

import sys
from importlib.metadata import version
from typing import Any

import pulumi
from pulumi.errors import InputPropertiesError
from pulumi.provider import ConstructResult, main
from pulumi.provider.experimental.component import ComponentProvider
from pulumi.provider.server import ComponentInitError

from chaninfra.pulumi.arguments import camel_case, spell
from chaninfra.pulumi.components import ChannelBucket, CondaChannel
from chaninfra.pulumi.grants import Publisher, Reader

COMPONENTS: list[type[pulumi.ComponentResource]] = [CondaChannel, ChannelBucket, Publisher, Reader]


class Host(ComponentProvider):
    """What `pulumi.provider.experimental.component_provider_host` runs, but that a user's mistake has no traceback."""

    def construct(
        self, name: str, resource_type: str, inputs: Any, options: pulumi.ResourceOptions | None = None
    ) -> ConstructResult:
        try:
            return super().construct(name, resource_type, inputs, options)
        except ComponentInitError as error:
            if isinstance(error.inner, pulumi.RunError):
                raise InputPropertiesError(str(error.inner)) from None
            raise


def provider() -> Host:
    """The provider, with the schema of the components."""
    return Host(COMPONENTS, "chaninfra", version=version("chaninfra"))


def run() -> None:
    """What the engine starts, with its address among the arguments."""
    spell(camel_case)
    main(provider(), sys.argv[1:])
