"""Stacks of the real program, run by the real engine on a file backend of their own."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from chaninfra.engine import Engine, get
from support.paths import ROOT

INFRA = ROOT / "infra"
PASSPHRASE = "of the tests"
_OPERATIONS = {"create": "created", "update": "updated", "delete": "deleted", "replace": "replaced"}
# Variables of the developer's own stores must not reach the program.
_DROPPED = ("AWS_", "S3_", "PULUMI_", "CHANINFRA_")


@cache
def engine() -> Engine:
    """The installed engine, or a newly downloaded one."""
    return get(print)


@dataclass(frozen=True)
class Ran:
    """A run of the engine: its exit code, output and duration."""

    code: int
    output: str
    seconds: float

    @property
    def done(self) -> dict[str, int]:
        """What happened to how many resources, or would in a preview: {"created": 3}. Without unchanged ones."""
        lines = re.findall(r"^ {4}(?:[=+~-]+ ?)?(\d+) (?:to )?(\w+)$", self.output, re.MULTILINE)
        counts = {_OPERATIONS.get(name, name): int(number) for number, name in lines}
        counts.pop("unchanged", None)
        return counts

    def __str__(self) -> str:
        return f"exit code {self.code} after {self.seconds:.1f} s\n{self.output}"


class Stack:
    """A stack named `test` of the program, in its own project folder."""

    def __init__(
        self,
        folder: Path,
        config: Mapping[str, Any],
        environment: Mapping[str, str],
        *,
        main: Path = INFRA,
        project: str = "chaninfra",
        files: Mapping[str, str] | None = None,
    ) -> None:
        """`config`: config keys without the namespace. `environment`: the store's credentials and other variables.
        `files`: the files of another program than the one in `main`; for a Python program without a Pulumi.yaml."""
        self.folder = folder
        self.project = project
        self.name = "test"
        state = folder / "state"
        state.mkdir(parents=True)
        described = YAML().load((INFRA.parent / "Pulumi.yaml").read_text())
        described |= {"name": project, "main": f"{main}/"}
        if files is not None:
            described = {"name": project, "runtime": "python"}
        with (folder / "Pulumi.yaml").open("w") as file:
            YAML().dump(described, file)
        for name, text in (files or {}).items():
            (folder / name).write_text(text)
        self.environment = {
            name: value
            for name, value in engine().environment({}).items()
            if not name.startswith(_DROPPED) or name == "PULUMI_SKIP_UPDATE_CHECK"
        } | {
            "HOME": str(folder),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_BACKEND_URL": state.as_uri(),
            "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            **environment,
        }
        self.init()
        self.config(**config)

    def init(self) -> None:
        """Makes the stack; also used by `lose_state`."""
        ran = self.run("stack", "init", self.name)
        assert ran.code == 0, ran

    def lose_state(self) -> None:
        """Starts with an empty state, as if the state file was lost."""
        state = self.folder / "state-new"
        state.mkdir()
        self.environment["PULUMI_BACKEND_URL"] = state.as_uri()
        settings = self.settings.read_text()
        self.init()
        self.settings.write_text(settings)

    def rename(self, name: str) -> None:
        """Renames the stack; its settings file goes with it."""
        ran = self.run("stack", "rename", name)
        assert ran.code == 0, ran
        self.name = name

    @property
    def settings(self) -> Path:
        """The stack's settings file."""
        return self.folder / f"Pulumi.{self.name}.yaml"

    def config(self, **keys: Any) -> None:
        """Writes config keys (`endpoint_url` for `endpoint-url`) to the settings file; None removes a key."""
        yaml = YAML()
        document = yaml.load(self.settings.read_text()) if self.settings.exists() else {}
        config = document.setdefault("config", {})
        for key, value in keys.items():
            name = key if ":" in key else f"{self.project}:{key.replace('_', '-')}"
            if value is None:
                config.pop(name, None)
            else:
                config[name] = value
        with self.settings.open("w") as file:
            yaml.dump(document, file)

    def secret(self, key: str, value: str) -> None:
        """Sets a key by `pulumi config set --secret`."""
        ran = self.run("config", "set", "--secret", key, stdin=value)
        assert ran.code == 0, ran

    def up(self, *arguments: str) -> Ran:
        """`pulumi up`, without the preview before it."""
        return self.run("up", "--yes", "--skip-preview", *arguments)

    def preview(self, *arguments: str, expect_no_changes: bool = False) -> Ran:
        """`pulumi preview`."""
        return self.run("preview", *arguments, *(["--expect-no-changes"] if expect_no_changes else []))

    def refresh(self) -> Ran:
        """`pulumi refresh`."""
        return self.run("refresh", "--yes", "--skip-preview")

    def destroy(self) -> Ran:
        """`pulumi destroy`."""
        return self.run("destroy", "--yes", "--skip-preview")

    def export(self) -> str:
        """The state as text."""
        ran = self.run("stack", "export")
        assert ran.code == 0, ran
        return ran.output

    def resources(self) -> dict[str, dict[str, Any]]:
        """Name → resource in the state, without components, providers and the stack itself."""
        found = json.loads(self.export())["deployment"].get("resources", [])
        return {
            resource["urn"].rpartition("::")[2]: resource
            for resource in found
            if resource["custom"] and not resource["type"].startswith("pulumi:providers:")
        }

    def outputs(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The stack outputs."""
        ran = self.run("stack", "output", "--json", *(["--show-secrets"] if show_secrets else []))
        assert ran.code == 0, ran
        outputs: dict[str, Any] = json.loads(ran.output)
        return outputs

    def run(self, *arguments: str, stdin: str = "") -> Ran:
        """Runs the engine. The output is stdout and stderr, and only stdout for commands that print JSON."""
        start = time.monotonic()
        ends = [] if arguments[:2] in (("stack", "init"), ("state", "move")) else ["--stack", self.name]
        if arguments[:2] == ("stack", "rename"):
            ends = ["--stack", self.name]
        ran = subprocess.run(
            [str(engine().pulumi), *arguments, *ends, "--non-interactive", "--color=never"],
            cwd=self.folder,
            env=self.environment,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if arguments[0] == "stack" else subprocess.STDOUT,
            text=True,
            timeout=600,
            check=False,
        )
        output = ran.stdout if ran.returncode == 0 else ran.stdout + (ran.stderr or "")
        result = Ran(ran.returncode, output, time.monotonic() - start)
        # pytest shows this if a test fails. Not a state, which is too long, and not secrets.
        quiet = {"export", "--show-secrets"} & set(arguments)
        print("pulumi", *arguments, "\n", f"exit code {result.code}" if quiet else result)
        return result
