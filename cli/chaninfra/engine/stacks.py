"""What a Pulumi stack puts out, read through the engine; secrets stay secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, EngineError
from chaninfra.engine.find import Engine, find
from chaninfra.engine.process import run

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


def stack_output(stack: str | None, cwd: Path, name: str = "channels") -> Any:
    """The output `name` of `stack`, or of the selected stack, of the Pulumi project in `cwd` or above it.

    Raises ConfigurationError if there is no such project or stack, or no way in to it, and EngineError if there is no
    engine, no such output, or the engine fails.
    """
    project = _project(cwd)
    engine = _engine()
    args = ["stack", "output", name, "--json", "--non-interactive", *([f"--stack={stack}"] if stack else [])]
    done = run([engine.pulumi, *args], cwd=project.parent, env=engine.environment({}))
    if done.returncode != 0:
        raise _failure(done.stderr, project, stack, name)
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise EngineError(f"pulumi's answer for {name!r} is not JSON: {error}", where=str(project)) from error


def _project(cwd: Path) -> Path:
    for folder in (cwd.absolute(), *cwd.absolute().parents):
        for file in _PROJECT_FILES:
            if (folder / file).is_file():
                return folder / file
    raise ConfigurationError(
        "no Pulumi project here or in a folder above",
        where=str(cwd),
        remedy="Name the channel (a channel.json, an https URL of one, or s3://BUCKET/PREFIX), or go to the project.",
    )


def _engine() -> Engine:
    tried: list[str] = []
    engine = find(tried.append)
    if engine is None:
        raise EngineError(
            f"no Pulumi engine ({'; '.join(tried)})",
            remedy="Install Pulumi, or get a copy of the engine for chaninfra alone: python -m chaninfra.engine",
        )
    return engine


def _failure(said: str, project: Path, stack: str | None, name: str) -> ChaninfraError:
    """The error that pulumi's own words stand for. They are all there is: older engines exit with 255 for each."""
    where = str(project)
    which = f"the stack {stack}" if stack else "the selected stack"
    if "no stack selected" in said:
        return ConfigurationError(
            "no stack is selected", where=where, remedy="Name one (stack:NAME), or run: pulumi stack select NAME"
        )
    if "no stack named" in said:
        return ConfigurationError(f"there is no stack {stack}", where=where, remedy="To see all: pulumi stack ls --all")
    if "does not have output property" in said:
        return EngineError(f"{which} has no output {name!r}", where=where, remedy="Run: pulumi up")
    if "PULUMI_ACCESS_TOKEN must be set" in said:
        return ConfigurationError("not logged in to where the state is kept", where=where, remedy="Run: pulumi login")
    if "passphrase must be set" in said or "incorrect passphrase" in said:
        return ConfigurationError(
            f"the passphrase of {which} is missing or wrong",
            where=where,
            remedy="Set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE.",
        )
    # What is neither is told in the engine's words; notes of its libraries may stand before them.
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    reason = next((line for line in lines if line.startswith("error:")), lines[-1] if lines else "it says nothing")
    return EngineError(f"pulumi could not read {which}: {reason.removeprefix('error:').strip()}", where=where)
