"""The Pulumi language hosts that the tests of components run on, beside the engine's own of Python: built from their
sources into the user's cache, once a version.

As a program: builds them, and prints where they are.
"""

from __future__ import annotations

import sys
from pathlib import Path

import programs
from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import Report, end_as_by_ctrl_c


def yaml(report: Report) -> Path:
    """The program that runs programs in YAML, built if the cache does not have it. Raises EngineError.

    The engine finds it on PATH.
    """
    module = Path(__file__).parent / "hosts" / "pulumi-language-yaml"
    package = "github.com/pulumi/pulumi-yaml"
    return programs.built(module, f"{package}/cmd/{module.name}", package, report)


if __name__ == "__main__":
    end_as_by_ctrl_c()
    try:
        print(yaml(lambda line: print(f"hosts: {line}", file=sys.stderr, flush=True)))
    except EngineError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
