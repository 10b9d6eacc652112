"""infra/chaninfra/pulumi/args.py from the stack config's schema: the types of the components' arguments.

As a program: writes it.
"""

from __future__ import annotations

import re
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

from chaninfra.channel.config.schema import STACK_CONFIG
from chaninfra.channel.config.stack import CREDENTIALS, OUTPUT_PLACEHOLDERS
from schema_build import build

FILE = Path(__file__).resolve().parents[1] / "infra" / "chaninfra" / "pulumi" / "components" / "args.py"
_WIDTH = 120

_HEAD = '''"""The arguments of the components, as typed dictionaries. Made by `make schemas` of the stack config's keys.

Those that may be outputs are `pulumi.Input`; from the others follows what is declared, so they are plain.
"""

# The annotations are read when the components are hosted for other languages, so they are no texts.
from collections.abc import Mapping, Sequence
from typing import Any, Required, TypedDict

import pulumi
'''
# The definitions of the schema, those that others refer to first.
_CLASSES = {
    "index": "IndexArgs",
    "GitHub": "GitHubArgs",
    "GitLab": "GitLabArgs",
    "Oidc": "OidcArgs",
    "Key": "KeyArgs",
    "principal": "PrincipalArgs",
    "roles": "RolesArgs",
    "aws": "AwsArgs",
    "cdn": "CdnArgs",
    "channel": "ChannelArgs",
}
_SIMPLE = {"string": "str", "boolean": "bool", "integer": "int"}


def text() -> str:
    """The module."""
    definitions = build()[STACK_CONFIG]["$defs"]
    config = {key: schema for key, schema in definitions["config"]["properties"].items() if key not in CREDENTIALS}
    one = {key: schema for key, schema in config.items() if key != "channels"}
    parts = [_HEAD.rstrip()]
    for definition, name in _CLASSES.items():
        known = definitions[definition]
        parts.append(_class(name, definition, known["description"], known["properties"], known.get("required", [])))
    about = "A channel in a bucket of its own."
    parts.append(_class("CondaChannelArgs", "config", about, one, ["bucket"]))
    about = "A bucket and the channels in it: those of `channels`, else the one that the other arguments describe."
    parts.append(_class("ChannelBucketArgs", "config", about, config, ["bucket"]))
    for role, may in (("Publisher", "may add packages to"), ("Reader", "may fetch packages of")):
        parts.append(_grant(role, may, definitions))
    return "\n\n\n".join(parts) + "\n"


def _grant(role: str, may: str, definitions: dict[str, Any]) -> str:
    """The arguments of one more principal of a channel that is there."""
    kinds = definitions["principal"]["properties"]
    aws = definitions["aws"]["properties"]
    text: dict[str, Any] = {"type": "string"}
    keys = {
        "provider": text
        | {"description": "The channel's provider, as its descriptor has it. It must be given, unless it is aws or "
           "`channel` is a document, since from an output it is known too late."},
        **{kind: kinds[kind] for kind in ("github", "gitlab", "oidc", "key")},
        "roles": aws["roles"] | {"description": "On AWS: what a role has besides."},
        "tags": definitions["config"]["properties"]["tags"] | {"description": "On AWS: tags of the role."},
        "profile": definitions["config"]["properties"]["profile"],
    }  # fmt: skip
    late = {
        "channel": ("Required[pulumi.Input[Mapping[str, Any]]]", "The channel's descriptor: the output `descriptor` of "
                    "a CondaChannel, or a document, the channel's `channel.json` for one."),
        "oidc_provider_arn": ("pulumi.Input[str]", "On AWS: the OIDC provider of the issuer. Left out, it is looked up "
                              "in the account, where it must be then."),
        "kms_key_arn": ("pulumi.Input[str]", "On AWS: the KMS key of the channel's bucket, if it has one."),
    }  # fmt: skip
    lines = _class(f"{role}Args", "grant", f"One more who {may} a channel.", keys, [])
    for name, (kind, about) in late.items():
        lines += "\n".join(["", "", f"    {name}: {kind}", *_docstring(about)])
    return lines


def _class(name: str, definition: str, about: str, keys: dict[str, Any], required: list[str]) -> str:
    lines = [f"class {name}(TypedDict, total=False):", *_docstring(about)]
    for key, schema in keys.items():
        kind = _type(schema)
        if (definition, key) in OUTPUT_PLACEHOLDERS:
            kind = f"pulumi.Input[{kind}]"
        if key in required:
            kind = f"Required[{kind}]"
        lines += ["", f"    {key.replace('-', '_')}: {kind}", *_docstring(_described(schema["description"]))]
    return "\n".join(lines)


def _type(schema: dict[str, Any]) -> str:
    options = [option for option in (schema, *schema.get("anyOf", ())) if option.get("type") != "null"]
    for option in options:
        if "$ref" in option:
            return _CLASSES[option["$ref"].rsplit("/", 1)[1]]
        if "enum" in option:
            return "str"
        if option.get("type") in _SIMPLE:
            return _SIMPLE[option["type"]]
        if option.get("type") == "array":
            return f"Sequence[{_type(option['items'])}]"
        if option.get("type") == "object":
            return f"Mapping[str, {_type(option['additionalProperties'])}]"
    raise ValueError(f"no type for {schema}")


def _described(description: str) -> str:
    """The description with the names of arguments in it."""
    return re.sub(rf"`((?:[a-z-]+[.])?({_hyphenated()}))`", lambda name: f"`{name[1].replace('-', '_')}`", description)


@cache
def _hyphenated() -> str:
    """A pattern of the keys that are spelt otherwise in Python."""
    keys = {key for part in build()[STACK_CONFIG]["$defs"].values() for key in part.get("properties", {})}
    return "|".join(sorted(key for key in keys if "-" in key))


def _docstring(words: str) -> list[str]:
    lines = textwrap.wrap(f'"""{words}', _WIDTH - 4, break_on_hyphens=False, break_long_words=False)
    if len(lines) == 1 and len(lines[0]) + 7 <= _WIDTH:
        return [f'    {lines[0]}"""']
    return [*(f"    {line}" for line in lines), '    """']


if __name__ == "__main__":
    FILE.write_text(text())
