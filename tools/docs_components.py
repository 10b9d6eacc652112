"""docs/components.md: the text below, the example programs, and tables of arguments and outputs from the code."""

from __future__ import annotations

import re
from keyword import iskeyword
from pathlib import Path
from typing import Any

from pulumi.provider.experimental.analyzer import Analyzer

from chaninfra.pulumi.plugin import COMPONENTS, about_output

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"

_HEAD = """# Components

`pulumi up` in a clone of this repository is one way to make a channel. To add channels to a Pulumi program of your own,
use the components. They are available in Python, and in all other Pulumi languages through the plugin
`pulumi-resource-chaninfra`:

| component | declares |
|---|---|
{components}

`pip install '.[pulumi]'` in a clone ([other sources](installation.md)) installs both: the classes in `chaninfra.pulumi`, and
the plugin, a console script that the engine finds on PATH. The arguments are the keys of the
[stack config](stack-config.md): `endpoint-url` is `endpoint_url` in Python and `endpointUrl` in other languages; `from`, a
word of Python, is `from_` there. This Python program

```python
{python}```

and this YAML program write the same channel descriptor:

```yaml
{yaml}```

Pulumi runs YAML with a program of its own, which comes with its installer. Where chaninfra built the engine from sources,
`python -m chaninfra.engine --yaml` builds that program, too.

The `chaninfra` command finds the channel by the stack output `channels`, as it does for a stack of its own: `chaninfra
manifest stack:dev#main`. For other languages, Pulumi generates an SDK from the plugin's schema:

```sh
pulumi package gen-sdk "$(command -v pulumi-resource-chaninfra)" --language go
```

## Plain values and Outputs

Values that decide which resources there are must be known when the program runs: provider, bucket, prefix, subdirs,
principals. An Output in their place is an error that names the argument. Outputs are allowed where the value names
another resource: {may_be_outputs}.

## Credentials

Credentials are not arguments, because Pulumi keeps arguments in the state in plain text. Set those of the store in the
config of your program's stack,

```sh
pulumi config set access-key-id …
pulumi config set --secret secret-access-key
```

or in the environment, or name a `profile`. On AWS, the resources of pulumi-aws use the credentials of the AWS provider.
The index files, the descriptor and the destroy guard are made by chaninfra itself: it takes the region from the
arguments, and credentials from `profile`, the `aws:` config and the environment. It cannot read credentials that are
set only on an explicit `aws.Provider`.

## Resource options

`parent`, `protect`, `transforms` and `aliases` apply to all resources of the component.
`provider` and `providers` take an AWS provider. With one provider per component, a program can have channels in two
regions:

```python
east = aws.Provider("east", region="us-east-1")
CondaChannel("east", {{"bucket": "conda-east", "region": "us-east-1"}}, pulumi.ResourceOptions(providers=[east]))
```

Without a provider, `region`, `profile` and `endpoint_url` must be those of Pulumi's default AWS provider; if they differ,
the component is refused before any change. The names of all children begin with the component's name, so that a program
can have several. To rename a component without replacing its resources, add an alias:

```python
CondaChannel("artifacts", {{…}}, pulumi.ResourceOptions(aliases=[pulumi.Alias(name="packages")]))
```
"""

_TAIL = """## Moving a channel, and existing resources

**Move a channel to another stack**, with no change in the store: declare the component in the other program under the
same name, move its resources, and remove it from the first program:

```sh
pulumi state move --source old --dest new --include-parents --yes URN-OF-THE-COMPONENT
```

`pulumi stack --show-urns` prints the URN; the children move with their component. If both stacks belong to one project,
`pulumi preview` then shows no change in either. In a project of another name, the first `pulumi up` updates the recorded
project name in place.

**Use an existing bucket** with `adopt`: the bucket and its packages are never deleted, its settings stay, and only
chaninfra's statements are merged into its policy ([more](channels.md)).

**Use an existing role** by its ARN (`publishers: {{"ci": {{"arn": role.arn}}}}`): the bucket policy grants it access, and
the IAM role itself is not changed. List an OIDC provider that the account already has in `aws.existing_oidc_providers`.

## A channel for each of many teams

[examples/automation/teams.py](../examples/automation/teams.py) deploys one stack per team with Pulumi's Automation API and
prints its progress:

```python
{teams}```

## Arguments and outputs
"""


def components() -> str:
    """The page, in Markdown."""
    analyzed = Analyzer("chaninfra").analyze(COMPONENTS)
    definitions, types = analyzed["component_definitions"], analyzed["type_definitions"]
    may_be_outputs = sorted(
        f"`{name}` of `{_snake(of)}`" if of else f"`{name}`"
        for of, found in [("", definitions["CondaChannel"].inputs), *((t.name, t.properties) for t in types.values())]
        for name, prop in ((_python(key), prop) for key, prop in found.items())
        if not prop.plain
    )
    parts = [
        _HEAD.format(
            components="\n".join(
                f"| `{name}` | {_text(definition.description)} |" for name, definition in definitions.items()
            ),
            python=(EXAMPLES / "components" / "python" / "__main__.py").read_text(),
            yaml=(EXAMPLES / "components" / "yaml" / "Pulumi.yaml").read_text(),
            may_be_outputs=", ".join(may_be_outputs),
        ),
        _TAIL.format(teams=(EXAMPLES / "automation" / "teams.py").read_text()),
    ]
    for component in COMPONENTS:
        definition = definitions[component.__name__]
        parts += [
            f"### {component.__name__}\n",
            _arguments(definition.inputs),
            "",
            "| output | description |\n|---|---|",
            *(f"| `{_python(key)}` | {about_output(component, _python(key))} |" for key in definition.outputs),
            "",
        ]
    for each in types.values():
        parts += [f"#### {each.name}\n", f"{_text(each.description)}\n", _arguments(each.properties), ""]
    return "\n".join(parts).rstrip() + "\n"


def _arguments(properties: dict[str, Any]) -> str:
    rows = [
        f"| `{_python(key)}` | {_type(prop)} | {_text(prop.description)} |" for key, prop in sorted(properties.items())
    ]
    return "\n".join(["| argument | type | description |", "|---|---|---|", *rows])


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


def _python(key: str) -> str:
    name = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", key)
    return f"{name}_" if iskeyword(name) else name


def _snake(name: str) -> str:
    return name.removesuffix("Args").lower()


def _text(words: str | None) -> str:
    return " ".join((words or "").split())
