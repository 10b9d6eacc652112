"""Reads the outputs of a Pulumi stack with the engine; secret outputs stay masked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from chaninfra.channel.errors import ChaninfraError, ConfigurationError, EngineError
from chaninfra.engine.find import Engine, find
from chaninfra.engine.process import run

_PROJECT_FILES = ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json")


def stack_output(stack: str | None, cwd: Path, name: str = "channels") -> Any:
    """The output `name` of a stack of the Pulumi project in `cwd` or a folder above; `stack` None: the selected stack.

    Raises ConfigurationError if there is no such project or stack, or its login or passphrase is missing; EngineError
    if there is no engine, no such output, or the engine fails.
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
        "no Pulumi project in this folder or above",
        where=str(cwd),
        remedy="run this in the folder of the Pulumi project, or name the channel by s3://BUCKET/PREFIX, a "
        "channel.json or its https URL",
    )


def _engine() -> Engine:
    tried: list[str] = []
    engine = find(tried.append)
    if engine is None:
        raise EngineError(
            f"no Pulumi engine ({'; '.join(tried)})",
            remedy="install Pulumi, or a private copy for chaninfra: python -m chaninfra.engine",
        )
    return engine


def _failure(stderr: str, project: Path, stack: str | None, name: str) -> ChaninfraError:
    """The error for what pulumi printed on stderr. The exit code does not help: older engines always exit with 255."""
    where = str(project)
    which = f"the stack {stack}" if stack else "the selected stack"
    if "no stack selected" in stderr:
        return ConfigurationError(
            "no stack is selected", where=where, remedy="name one (stack:NAME), or run: pulumi stack select NAME"
        )
    if "no stack named" in stderr:
        return ConfigurationError(
            f"there is no stack {stack}", where=where, remedy="list the stacks: pulumi stack ls --all"
        )
    if "does not have output property" in stderr:
        return EngineError(f"{which} has no output {name!r}", where=where, remedy="run: pulumi up")
    if "PULUMI_ACCESS_TOKEN must be set" in stderr:
        return ConfigurationError(
            "not logged in to the backend that keeps the state", where=where, remedy="run: pulumi login"
        )
    if "passphrase must be set" in stderr or "incorrect passphrase" in stderr:
        return ConfigurationError(
            f"the passphrase of {which} is missing or wrong",
            where=where,
            remedy="set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
        )
    # Any other error is passed on as the engine prints it; lines of its libraries may come before it.
    lines = [line.strip() for line in stderr.splitlines() if line.strip()]
    reason = next((line for line in lines if line.startswith("error:")), lines[-1] if lines else "no output")
    return EngineError(f"pulumi could not read {which}: {reason.removeprefix('error:').strip()}", where=where)
