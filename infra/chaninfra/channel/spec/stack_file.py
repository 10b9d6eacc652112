"""Reads the stack config from `Pulumi.<stack>.yaml`, without Pulumi."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaninfra.channel.config.stack import SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec

SECRET = "[secret]"  # noqa: S105 (used in place of an encrypted value)


def read_stack_file(path: Path) -> StackSpec:
    """The spec that a stack file describes.

    The namespace is the project's name in the `Pulumi.yaml` next to the file, else the one that has a key `bucket`. A
    key without a namespace belongs to the project (Pulumi does the same). Config that `Pulumi.yaml` sets for all stacks
    applies unless the file sets the same key. Raises ConfigurationError.
    """
    keys = _mapping(path, _load(path).get("config"), "config")
    project = path.parent / "Pulumi.yaml"
    document = _load(project) if project.is_file() else None
    namespace = str(document.get("name")) if document is not None else _namespace(path, keys)
    raw = {}
    for file, name, value in [*_project_config(project, document or {}), *((path, *item) for item in keys.items())]:
        space, _, key = str(name).rpartition(":")
        if space in ("", namespace):
            raw[key] = _without_secret(file, key, value)
    region = keys.get("aws:region")
    try:
        return build_spec(raw, where=str(path), default_region=region if isinstance(region, str) else None)
    except UnicodeEncodeError as error:
        # YAML reads a surrogate pair of `\u` escapes, as JSON writes one character, as two lone surrogates.
        raise ConfigurationError(
            f"{error.object[error.start : error.end]!a} is not a character",
            where=str(path),
            remedy="write the character itself instead of its escapes",
        ) from None


def clear_secret(where: str, key: str) -> ConfigurationError:
    """The error for a secret that is not encrypted. It does not contain the secret."""
    return ConfigurationError(
        "this secret is not encrypted",
        where=where,
        key=(key,),
        remedy=f"pulumi config rm {key}, replace the secret at the store, then: pulumi config set --secret {key}",
    )


def _without_secret(path: Path, key: str, value: Any) -> Any:
    """`value`, or SECRET if it is encrypted, since no spec depends on a secret."""
    if isinstance(value, dict) and set(value) == {"secure"}:
        return SECRET
    if key in SECRET_KEYS:
        raise clear_secret(str(path), key)
    return value


def _project_config(project: Path, document: dict[str, Any]) -> Iterator[tuple[Path, str, Any]]:
    """File, key and value of the config that `Pulumi.yaml` sets for all stacks of the project, defaults included.

    Pulumi's documentation, "Project-level configuration".
    """
    for name, declared in _mapping(project, document.get("config") or {}, "config").items():
        value = declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared
        if value is not None:
            yield project, name, value


def _namespace(path: Path, keys: dict[str, Any]) -> str:
    found = {str(name).rpartition(":")[0] for name in keys if str(name).rpartition(":")[2] == "bucket"}
    if len(found) != 1:
        raise ConfigurationError(
            f"{'no' if not found else 'more than one'} namespace has the key `bucket`",
            where=str(path),
            remedy="give the stack file of a chaninfra project, in the folder of its Pulumi.yaml",
        )
    return found.pop()


def _load(path: Path) -> dict[str, Any]:
    # Imported here since it is slow, and most commands read no YAML.
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        document = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    except OSError as error:
        raise ConfigurationError(
            f"cannot be read: {error.strerror}", where=str(path), remedy="give a Pulumi.<stack>.yaml"
        ) from error
    except (YAMLError, UnicodeDecodeError) as error:
        line = str(error).strip().splitlines()[0]
        raise ConfigurationError(f"is not valid YAML: {line}", where=str(path), remedy="fix the YAML") from error
    return _mapping(path, document, "")


def _mapping(path: Path, value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(
            "should be a mapping", where=str(path), key=(key,) if key else (), remedy="give a Pulumi.<stack>.yaml"
        )
    return value
