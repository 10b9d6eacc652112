"""The page of the components: what people wrote, with their arguments, outputs and programs as they are in the code."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.analyzer import Analyzer

from chaninfra.pulumi.plugin import COMPONENTS

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

_HEAD = """# Components

`pulumi up` in a clone is one way to a channel. For a program that you have there are components, in Python and, by the
plugin `pulumi-resource-chaninfra`, in any language of Pulumi:

| component | declares |
|---|---|
{components}

`pip install '.[pulumi]'` in a clone ([other sources](installation.md)) installs both: the classes of `chaninfra.pulumi`,
and the plugin, a console script that the engine finds on PATH. The arguments are the keys of the [stack config](stack-config.md), `endpoint_url` in Python and
`endpointUrl` elsewhere. This program in Python

```python
{python}```

is this one in YAML, whose descriptor is equal:

```yaml
{yaml}```

`chaninfra` finds the channel by the output `channels` in either, as in a stack of its own: `chaninfra manifest
stack:dev#main`. For other languages Pulumi makes an SDK of the plugin's schema:

```sh
pulumi package gen-sdk "$(command -v pulumi-resource-chaninfra)" --language go
```

## Plain values and outputs

What decides which resources there are must be known when the program runs: the provider, bucket, prefix, subdirs, who
has access. An output there is an error that names the argument. Outputs may be given where another resource names
something: {late}.

## Credentials

They are no arguments, since inputs lie in the state in clear. The store's are config of the program's own stack,

```sh
pulumi config set access-key-id …
pulumi config set --secret secret-access-key
```

or come from the environment, or from the `profile` that an argument names. On AWS they are those of Pulumi's AWS provider
for what that makes; the skeleton, the descriptor and the guard are made by chaninfra itself, which takes the region from the
arguments, and credentials from `profile`, from `aws:` config and from the environment. Keys that stand in an explicit
`aws.Provider` alone cannot be read from there.

## Resource options

`parent`, `protect`, `transforms` and `aliases` reach all that the component makes.
`provider` and `providers` take an AWS provider; with one each, a program has channels in two regions:

```python
east = aws.Provider("east", region="us-east-1")
CondaChannel("east", {{"bucket": "conda-east", "region": "us-east-1"}}, pulumi.ResourceOptions(providers=[east]))
```

Without one, where `region`, `profile` or `endpoint_url` differ from what Pulumi's default provider of AWS has, the component
says so before anything is made. The names of all children begin with the component's, so several in one program do not
meet. A component that gets another name in the program keeps everything with an alias, and nothing is replaced:

```python
CondaChannel("artifacts", {{…}}, pulumi.ResourceOptions(aliases=[pulumi.Alias(name="packages")]))
```
"""

_TAIL = """## A channel of another stack

**To move a channel**, with nothing made or deleted in the store: declare it in the other program under the same name,
move its resources, and take it out of the first:

```sh
pulumi state move --source old --dest new --include-parents --yes URN-OF-THE-COMPONENT
```

The URN is in `pulumi stack --show-urns`; the children go with their component. `pulumi preview` then changes nothing in
either stack, if both are of one project; in a project of another name the first `up` notes that name, in place.

**A bucket that exists** is taken by `adopt`: it and its packages are never deleted, its settings stay, and only our
statements are merged into its policy ([more](channels.md)).

**A role that exists** is named by its ARN (`publishers: {{"ci": {{"arn": role.arn}}}}`): the bucket's policy lets it in, and the
role itself stays its owner's. An OIDC provider that the account has is named in `aws.existing_oidc_providers`.

## A channel for each of many teams

[examples/automation/teams.py](../examples/automation/teams.py) brings up a stack for each team of a list by Pulumi's
Automation API, and tells what it does:

```python
{teams}```

## Arguments and outputs
"""


def components() -> str:
    """The page."""
    analyzed = Analyzer("chaninfra").analyze(COMPONENTS)
    definitions, types = analyzed["component_definitions"], analyzed["type_definitions"]
    late = sorted(
        f"`{name}` of `{_snake(of)}`" if of else f"`{name}`"
        for of, found in [("", definitions["CondaChannel"].inputs), *((t.name, t.properties) for t in types.values())]
        for name, prop in ((_python(key), prop) for key, prop in found.items())
        if not prop.plain
    )
    parts = [
        _HEAD.format(
            components="\n".join(f"| `{name}` | {_text(each.description)} |" for name, each in definitions.items()),
            python=(EXAMPLES / "components" / "python" / "__main__.py").read_text(),
            yaml=(EXAMPLES / "components" / "yaml" / "Pulumi.yaml").read_text(),
            late=", ".join(late),
        ),
        _TAIL.format(teams=(EXAMPLES / "automation" / "teams.py").read_text()),
    ]
    for component in COMPONENTS:
        definition = definitions[component.__name__]
        parts += [
            f"### {component.__name__}\n",
            _arguments(definition.inputs),
            "",
            "| output | what |\n|---|---|",
            *(f"| `{_python(key)}` | {_text(_about(component, _python(key)))} |" for key in definition.outputs),
            "",
        ]
    for each in types.values():
        parts += [f"#### {each.name}\n", f"{_text(each.description)}\n", _arguments(each.properties), ""]
    return "\n".join(parts).rstrip() + "\n"


def _arguments(properties: dict[str, Any]) -> str:
    rows = [
        f"| `{_python(key)}` | {_type(prop)} | {_text(prop.description)} |" for key, prop in sorted(properties.items())
    ]
    return "\n".join(["| argument | type | what |", "|---|---|---|", *rows])


def _type(prop: Any) -> str:
    if prop.ref:
        name = prop.ref.rsplit("/", 1)[1].rsplit(":", 1)[-1]
        found = f"[{name}](#{name.lower()})" if ":" in prop.ref else "any"
    elif prop.items:
        found = f"list of {_type(prop.items)}"
    elif prop.additional_properties:
        found = f"name → {_type(prop.additional_properties)}"
    else:
        found = prop.type.value
    return found


def _about(component: type, name: str) -> str:
    """The words below an output in the class that has it."""
    for each in component.__mro__:
        source = inspect.getsource(each) if each.__module__.startswith("chaninfra") else ""
        if words := re.search(rf'^    {name}: .*\n    """(.*?)"""', source, re.MULTILINE | re.DOTALL):
            return words[1]
    raise ValueError(f"{component.__name__}.{name} says nothing of itself")


def _python(key: str) -> str:
    return re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key)


def _snake(name: str) -> str:
    return name.removesuffix("Args").lower()


def _text(words: str | None) -> str:
    return " ".join((words or "").split())
