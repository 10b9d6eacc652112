"""The next steps of a public channel that follows, with every kind of principal: a golden file for each store.

`PYTHONPATH=tests .venv/bin/python -m support.cases.next_steps` writes them.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from chaninfra.channel.outputs.next_steps import NextStep, next_steps
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from support.cases.store_cases import NEEDED, PUBLIC
from support.paths import GOLDEN

FOLDER = GOLDEN / "next-steps"
FILE = "Pulumi.prod.yaml"
NAMES = [*PROVIDERS]
_ROLES = ("publishers", "readers", "maintainers")
_OIDC = {"oidc": {"issuer": "https://idp.example.com/realm", "audience": "conda", "subject": "ci"}}
PROGRAMS = frozenset(
    {"aws", "b2", "chaninfra", "echo", "garage", "gcloud", "mc", "openssl", "radosgw-admin", "rc", "tigris", "weed"}
)
"""First words of the steps that are commands; every other step is a sentence."""


def stack(name: str) -> StackSpec:
    """A public channel that follows, with a principal of each role and each kind that the store can have."""
    row = PROVIDERS[name]
    principals: dict[str, dict[str, Any]] = {role: {} for role in _ROLES}
    for role in _ROLES:
        if row.keys.value != "aws-iam":
            principals[role]["key"] = {"key": {}}
        if row.oidc.value != "none":
            principals[role]["token"] = _OIDC
    raw: dict[str, Any] = {"provider": name, "bucket": "my-bucket", "prefix": "team/main", **NEEDED[name], **principals}
    raw |= {"visibility": "public", "subdirs": ["linux-64", "osx-arm64"], "index": {"follow": {}}}
    if PUBLIC[name] is None:
        raw["public-url"] = "https://conda.example.com/team/main"
    return build_spec(raw, where="stack.yaml", default_region="eu-central-1")


def commands(steps: list[NextStep]) -> list[str]:
    """The steps that are commands."""
    return [line for step in steps for line in step.steps if line.split(" ", 1)[0] in PROGRAMS]


def text(name: str) -> str:
    """The steps as a person reads them."""
    found = next_steps(stack(name), stack_file=FILE)
    return "\n".join(
        "\n".join([f"{step.title} ({step.why})", *(f"  {line}" for line in step.steps), ""]) for step in found
    )


def golden(name: str) -> Path:
    """The file that holds `text`."""
    return FOLDER / f"{name}.txt"


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for each in NAMES:
        golden(each).write_text(text(each), "utf-8")
