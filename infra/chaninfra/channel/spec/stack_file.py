"""`Pulumi.<stack>.yaml` as a file: the keys of chaninfra in it, read without Pulumi."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chaninfra.channel.config.stack import SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec

SECRET = "[secret]"  # noqa: S105 (what stands in the place of one)


def read_stack_file(path: Path) -> StackSpec:
    """The spec that a stack file describes.

    The namespace is the name in the `Pulumi.yaml` beside it, else the one whose keys have a `bucket`; a key without one
    is the project's, as Pulumi has it. What the `Pulumi.yaml` sets for all stacks holds where the file says nothing
    else. Raises ConfigurationError.
    """
    keys = _mapping(path, _load(path).get("config"), "config")
    project = path.parent / "Pulumi.yaml"
    described = _load(project) if project.is_file() else None
    namespace = str(described.get("name")) if described is not None else _namespace(path, keys)
    raw = {}
    for file, name, value in [*_for_all_stacks(project, described or {}), *((path, *item) for item in keys.items())]:
        space, _, key = str(name).rpartition(":")
        if space in ("", namespace):
            raw[key] = _plain(file, key, value)
    region = keys.get("aws:region")
    try:
        return build_spec(raw, where=str(path), default_region=region if isinstance(region, str) else None)
    except UnicodeEncodeError as error:
        # YAML takes the two `\u` escapes of JSON for one character as two halves of none.
        raise ConfigurationError(
            f"{error.object[error.start : error.end]!a} is no character",
            where=str(path),
            remedy="write the character itself in place of its escapes",
        ) from None


def clear_secret(where: str, key: str) -> ConfigurationError:
    """The error for a secret that is written in clear; it does not hold it."""
    return ConfigurationError(
        "a secret is written in clear",
        where=where,
        key=(key,),
        remedy=f"pulumi config rm {key}, give the store a new secret, then: pulumi config set --secret {key}",
    )


def _plain(path: Path, key: str, value: Any) -> Any:
    """A value as the program would see it; one that is encrypted is not needed to know what is declared."""
    if isinstance(value, dict) and set(value) == {"secure"}:
        return SECRET
    if key in SECRET_KEYS:
        raise clear_secret(str(path), key)
    return value


def _for_all_stacks(project: Path, described: dict[str, Any]) -> Iterator[tuple[Path, str, Any]]:
    """The file, key and value of what a project sets, or has as the default, for all of its stacks.

    Pulumi's documentation, "Project-level configuration".
    """
    for name, declared in _mapping(project, described.get("config") or {}, "config").items():
        value = declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared
        if value is not None:
            yield project, name, value


def _namespace(path: Path, keys: dict[str, Any]) -> str:
    found = {str(name).rpartition(":")[0] for name in keys if str(name).rpartition(":")[2] == "bucket"}
    if len(found) != 1:
        raise ConfigurationError(
            f"{'no' if not found else 'more than one'} namespace has a `bucket`",
            where=str(path),
            remedy="give a stack file of chaninfra, beside the Pulumi.yaml of its project",
        )
    return found.pop()


def _load(path: Path) -> dict[str, Any]:
    # Imported here: nothing else needs YAML.
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
        raise ConfigurationError(f"is not YAML: {line}", where=str(path), remedy="mend it") from error
    return _mapping(path, document, "")


def _mapping(path: Path, value: Any, key: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ConfigurationError(
            "should be a mapping", where=str(path), key=(key,) if key else (), remedy="give a Pulumi.<stack>.yaml"
        )
    return value
