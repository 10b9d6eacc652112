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
        which = f"the stack {stack}" if stack else _selected(engine, project)
        raise _failure(done.stderr, project, which, stack, f"output {name!r}")
    try:
        return json.loads(done.stdout)
    except ValueError as error:
        raise EngineError(f"pulumi's answer for {name!r} is not JSON: {error}", where=str(project)) from error


def stack_config(path: Path) -> dict[str, Any]:
    """The config of the stack file `path`, decrypted: full name (`chaninfra:bucket`) → text, JSON text for a mapping.

    Raises ConfigurationError if there is no such project or stack, or its login or passphrase is missing; EngineError
    if there is no engine, or the engine fails.
    """
    # Imported here: it loads the models of the stack config, which `stack_output` does not need.
    from chaninfra.channel.spec.stack_file import stack_of

    project = _project(path.parent)
    stack = stack_of(path)
    if stack is None:
        raise ConfigurationError(
            "has encrypted values, and its name does not say of which stack",
            where=str(path),
            remedy="name it Pulumi.<stack>.yaml",
        )
    engine = _engine()
    args = ["config", "--show-secrets", "--json", "--non-interactive", f"--stack={stack}"]
    done = run(
        [engine.pulumi, *args, f"--config-file={path.absolute()}"], cwd=project.parent, env=engine.environment({})
    )
    if done.returncode != 0:
        raise _failure(done.stderr, project, f"the stack {stack}", stack, "its config")
    try:
        return {str(name): each["value"] for name, each in json.loads(done.stdout).items()}
    except (ValueError, AttributeError, KeyError, TypeError) as error:
        raise EngineError("pulumi's answer is not the config of a stack", where=str(project)) from error


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


def _selected(engine: Engine, project: Path) -> str:
    """Words that name the selected stack, for an error: it may be another than the user thinks."""
    args = ["stack", "--show-name", "--non-interactive"]
    done = run([engine.pulumi, *args], cwd=project.parent, env=engine.environment({}))
    name = done.stdout.strip()
    return f"the selected stack, {name}," if done.returncode == 0 and name else "the selected stack"


def _failure(stderr: str, project: Path, which: str, stack: str | None, what: str) -> ChaninfraError:
    """The error for what pulumi printed on stderr when `what` of a stack was asked for; `which` names the stack.

    The exit code does not help: older engines always exit with 255.
    """
    where = str(project)
    if "no stack selected" in stderr:
        return ConfigurationError(
            "no stack is selected", where=where, remedy="name one (stack:NAME), or run: pulumi stack select NAME"
        )
    if "no stack named" in stderr:
        return ConfigurationError(
            f"there is no stack {stack}", where=where, remedy="list the stacks: pulumi stack ls --all"
        )
    if "does not have output property" in stderr:
        return EngineError(f"{which} has no {what}", where=where, remedy="run: pulumi up")
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
