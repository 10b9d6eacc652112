"""`python -m chaninfra.engine`: installs the engine if there is none, and puts the host of programs in YAML beside one
that it built; prints its path on stdout, progress on stderr.
"""

from __future__ import annotations

import sys

from chaninfra.channel.errors import ChaninfraError, EngineError
from chaninfra.channel.text import printable
from chaninfra.engine import get, yaml_host
from chaninfra.engine.process import end_as_by_ctrl_c


def report(line: str) -> None:
    print(f"engine: {line}", file=sys.stderr, flush=True)


end_as_by_ctrl_c()
try:
    engine = get(report)
    try:
        yaml_host.put_beside(engine, report)
    except EngineError as error:
        # Programs in Python run without it.
        report(f"programs in YAML will not run: {error.message}")
    print(engine.pulumi)
except ChaninfraError as error:
    print(printable(str(error)), file=sys.stderr)
    sys.exit(error.exit_code)
except KeyboardInterrupt:
    sys.exit(130)
