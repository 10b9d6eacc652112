"""Reads the stack config from `Pulumi.<stack>.yaml`, without Pulumi."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from chaninfra.channel.config.stack import CREDENTIALS, SECRET_KEYS
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.namespaces import ignored, meant
from chaninfra.channel.spec.stack_yaml import check_digits, load, mapping
from chaninfra.channel.spec.yaml_program import declared_config, has_component

SECRET = "[secret]"  # noqa: S105 (used in place of an encrypted value)


Decrypt = Callable[[Path], Mapping[str, Any]]
"""The config of a stack file with all values decrypted: full name (`chaninfra:bucket`) → value."""

# Namespaces that are never that of the project.
_OTHERS = ("aws", "pulumi")


def read_stack_file(path: Path, decrypt: Decrypt | None = None) -> StackSpec:
    """The spec that a stack file describes.

    If the program of the project is in YAML, it is the spec that its component declares with the config of the file.
    The namespace is the project's name in the `Pulumi.yaml` next to the file, else the only one in the file, or the one
    that has a key `bucket`. A key without a namespace belongs to the project (Pulumi does the same). Config that
    `Pulumi.yaml` sets for all stacks applies unless the file sets the same key. `decrypt` is called if a value that the
    spec depends on is encrypted (`pulumi config set --secret`). Raises ConfigurationError.
    """
    keys, project, document, namespace = _read(path)
    clear = _Clear(path, namespace, decrypt)
    raw = {}
    for file, name, value in [*_project_config(project, document or {}), *((path, *item) for item in keys.items())]:
        space, _, key = str(name).rpartition(":")
        if space in ("", namespace):
            check_digits(value, file, (key,))
            raw[key] = clear.value(file, str(name), value)
    program = None if document is None or _runtime(document) != "yaml" else declared_config(project, document, raw)
    where = str(path)
    if program is None:
        check_bucket_is_set(raw, path, meant(map(str, keys), namespace))
    else:
        raw, where = program, f"{project} with {path.name}"
    region = clear.value(path, "aws:region", keys.get("aws:region"))
    try:
        return build_spec(raw, where=where, default_region=region if isinstance(region, str) else None)
    except UnicodeEncodeError as error:
        # YAML reads a surrogate pair of `\u` escapes, as JSON writes one character, as two lone surrogates.
        raise ConfigurationError(
            f"{error.object[error.start : error.end]!a} is not a character",
            where=where,
            remedy="write the character itself instead of its escapes",
        ) from None


def ignored_keys(path: Path) -> Iterator[ConfigurationError]:
    """A warning for each key of a stack file that was probably meant for another namespace. Raises ConfigurationError
    as `read_stack_file`.
    """
    keys, _, _, namespace = _read(path)
    yield from ignored(map(str, keys), namespace, where=str(path))


def _read(path: Path) -> tuple[dict[str, Any], Path, dict[str, Any] | None, str]:
    """The config of a stack file; the path of its Pulumi.yaml, and what is in it; and the namespace of its keys."""
    keys = mapping(path, load(path).get("config") or {}, "config")
    project = path.parent / "Pulumi.yaml"
    document = load(project) if project.is_file() else None
    return keys, project, document, str(document.get("name")) if document is not None else _namespace(path, keys)


def check_stack_file(path: Path, namespace: str) -> None:
    """Raise ConfigurationError for a number or date in a stack file whose digits Pulumi would lose.

    What Pulumi hands over does not show it any more. A file that is not there, or that Pulumi reads in another way, is
    passed over.
    """
    try:
        keys = mapping(path, load(path).get("config"), "config")
    except ConfigurationError:
        return
    for name, value in keys.items():
        space, _, key = str(name).rpartition(":")
        if space in ("", namespace):
            check_digits(value, path, (key,))


def check_bucket_is_set(raw: Mapping[str, Any], path: Path, others: Mapping[str, str]) -> None:
    """Raise ConfigurationError, with the command to type, if the config of a stack file has no bucket. `others`: see
    `namespaces.meant`.

    Not if it has a key that may be meant as `bucket`: then the error for unknown keys names it.
    """
    if "bucket" in raw or get_close_matches("bucket", raw, n=1):
        return
    for written, probable in others.items():
        if probable.endswith(":bucket"):
            raise ConfigurationError(
                f"`bucket` is not set, but `{written}` is", where=str(path), remedy=f"did you mean `{probable}`?"
            )
    stack = stack_of(path)
    raise ConfigurationError(
        "`bucket` is not set",
        where=str(path),
        remedy=f"run: pulumi config set bucket NAME{f' --stack {stack}' if stack else ''}",
    )


def stack_of(path: Path) -> str | None:
    """The stack of a stack file: `prod` for Pulumi.prod.yaml."""
    named = re.fullmatch(r"Pulumi\.([A-Za-z0-9._-]+)\.ya?ml", path.name)
    return named[1] if named else None


def check_program(path: Path) -> None:
    """Raise ConfigurationError if the project of a stack file has a program that `read_stack_file` cannot read.

    It reads the config of chaninfra's own program, and a program in YAML. Any other declares its channels in its code:
    the stack file says nothing of them, or not all.
    """
    project = path.parent / "Pulumi.yaml"
    document = load(project) if project.is_file() else {}
    main = path.parent / str(document.get("main") or ".") / "__main__.py"
    if _runtime(document) == "yaml":
        ours = has_component(document)
    elif _runtime(document) == "python":
        ours = not main.is_file() or bool(_STACK_PROGRAM.search(main.read_text("utf-8", "replace")))
    else:
        ours = False
    if not ours:
        raise ConfigurationError(
            "the program of this project is another than chaninfra's: its channels and their policies are not in the "
            "stack file",
            where=str(project),
            remedy="to see the policies that it would apply, run: pulumi preview --diff"
            + (f" --stack {stack}" if (stack := stack_of(path)) else ""),
        )


def _runtime(document: dict[str, Any]) -> Any:
    """The language of a project's program; Python if it does not say."""
    runtime = document.get("runtime", "python")
    return runtime.get("name") if isinstance(runtime, dict) else runtime


_STACK_PROGRAM = re.compile(r"\bchaninfra\.pulumi\b.*^(?:\w+\.)*program\(\)", re.MULTILINE | re.DOTALL)


def clear_secret(where: str, key: str) -> ConfigurationError:
    """The error for a secret that is not encrypted. It does not contain the secret."""
    return ConfigurationError(
        "this secret is not encrypted",
        where=where,
        key=(key,),
        remedy=f"pulumi config rm {key}, replace the secret at the store, then: pulumi config set --secret {key}",
    )


class _Clear:
    """The values of a stack file without encryption; a placeholder for credentials, on which no spec depends."""

    def __init__(self, path: Path, namespace: str, decrypt: Decrypt | None) -> None:
        self._path, self._namespace, self._decrypt = path, namespace, decrypt
        self._values: Mapping[str, Any] | None = None

    def value(self, file: Path, name: str, value: Any) -> Any:
        """The value of the config key `name`. Raises ConfigurationError."""
        space, _, key = name.rpartition(":")
        encrypted = _is_encrypted(value)
        if key in CREDENTIALS and encrypted:
            return SECRET
        if key in SECRET_KEYS:
            raise clear_secret(str(file), key)
        if not encrypted:
            return value
        if self._values is None:
            if self._decrypt is None:
                raise ConfigurationError(
                    "is encrypted",
                    where=str(file),
                    key=(key,),
                    remedy=f"pulumi config set {key} VALUE, without --secret",
                )
            self._values = self._decrypt(self._path)
        full = name if space else f"{self._namespace}:{key}"
        if full not in self._values:
            raise ConfigurationError(
                "is encrypted, and Pulumi does not know it",
                where=str(file),
                key=(key,),
                remedy=f"set it again: pulumi config set {key} VALUE",
            )
        return self._values[full]


def _is_encrypted(value: Any) -> bool:
    """Whether a value, or a part of it, is encrypted: `pulumi config set --path --secret` encrypts a part."""
    if isinstance(value, dict):
        return set(value) == {"secure"} or any(map(_is_encrypted, value.values()))
    return isinstance(value, list) and any(map(_is_encrypted, value))


def _project_config(project: Path, document: dict[str, Any]) -> Iterator[tuple[Path, str, Any]]:
    """File, key and value of the config that `Pulumi.yaml` sets for all stacks of the project, defaults included.

    Pulumi's documentation, "Project-level configuration".
    """
    for name, declared in mapping(project, document.get("config") or {}, "config").items():
        value = declared.get("value", declared.get("default")) if isinstance(declared, dict) else declared
        if value is not None:
            yield project, name, value


def _namespace(path: Path, keys: dict[str, Any]) -> str:
    names = {tuple(str(name).rpartition(":")[::2]) for name in keys}
    spaces = {space for space, _ in names} - {*_OTHERS}
    found = spaces if len(spaces) == 1 else {space for space in spaces if (space, "bucket") in names}
    if len(found) != 1:
        raise ConfigurationError(
            f"{'no' if not found else 'more than one'} namespace has the key `bucket`",
            where=str(path),
            remedy="give the stack file of a chaninfra project, in the folder of its Pulumi.yaml",
        )
    return found.pop()
