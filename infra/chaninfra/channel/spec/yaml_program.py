"""The channels that a Pulumi program in YAML declares with a component, read without Pulumi.

The language: Pulumi's documentation, "Pulumi YAML". Config values and their defaults can be put in; outputs of
resources and calls of functions are known only when the program runs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from chaninfra.channel.config.arguments import config_keys_of
from chaninfra.channel.errors import ConfigurationError

_TYPES = re.compile(r"chaninfra:(?:index:)?(?:CondaChannel|ChannelBucket)")
_WHOLE = re.compile(r"\$\{([^}]*)\}")


def has_component(document: Mapping[str, Any]) -> bool:
    """Whether the program declares exactly one component of chaninfra."""
    return len(_components(document)) == 1


def declared_config(project: Path, document: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """The stack config that the program in `document`, the content of `project`, declares by its only component.

    `values` is the config of the stack: key without the project's namespace → value. None if the program has no
    component of chaninfra, or several. Raises ConfigurationError if a value is known only when the program runs.
    """
    found = _components(document)
    if len(found) != 1:
        return None
    ((resource, properties),) = found.items()

    def leaf(value: Any, _: str, path: tuple[str, ...]) -> Any:
        if isinstance(value, dict) and any(str(key).startswith("fn::") for key in value):
            raise _unknown(project, resource, path)
        if not isinstance(value, str):
            return NotImplemented
        if whole := _WHOLE.fullmatch(value):
            return _value(whole[1], path)
        return _WHOLE.sub(lambda part: str(_value(part[1], path)), value)

    def _value(name: str, path: tuple[str, ...]) -> Any:
        if name in values:
            return values[name]
        declared = document.get("config")
        if isinstance(declared, dict) and name in declared:
            raise ConfigurationError(
                f"`{name}` is not set", where=str(project), remedy=f"run: pulumi config set {name} VALUE"
            )
        raise _unknown(project, resource, path)

    return config_keys_of({str(key): value for key, value in properties.items()}, "config", leaf)


def _components(document: Mapping[str, Any]) -> dict[str, dict[Any, Any]]:
    """Name → properties of the components of chaninfra."""
    resources = document.get("resources")
    found = {}
    for name, each in resources.items() if isinstance(resources, dict) else ():
        properties = (each.get("properties") or {}) if isinstance(each, dict) else None
        if isinstance(properties, dict) and _TYPES.fullmatch(str(each.get("type"))):
            found[str(name)] = properties
    return found


def _unknown(project: Path, resource: str, path: tuple[str, ...]) -> ConfigurationError:
    return ConfigurationError(
        "is known only when the program runs",
        where=f"{project}, resource {resource}",
        key=path,
        remedy="to see the policies that it would apply, run: pulumi preview --diff",
    )
