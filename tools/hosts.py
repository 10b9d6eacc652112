"""Prints where the host of Pulumi programs in YAML is, on which the tests of components run; built if need be."""

from __future__ import annotations

import sys

from chaninfra.channel.errors import EngineError
from chaninfra.engine.process import end_as_by_ctrl_c
from chaninfra.engine.yaml_host import built

if __name__ == "__main__":
    end_as_by_ctrl_c()
    try:
        print(built(lambda line: print(f"hosts: {line}", file=sys.stderr, flush=True)))
    except EngineError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
