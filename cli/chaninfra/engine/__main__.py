"""`python -m chaninfra.engine`: installs the engine if there is none; prints its path on stdout, progress on stderr.

With `--yaml` it also puts the host of programs in YAML beside an engine that it built: another two minutes, which
programs in Python do without.
"""

from __future__ import annotations

import argparse
import sys

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.text import printable
from chaninfra.engine import get, yaml_host
from chaninfra.engine.process import end_as_by_ctrl_c


def report(line: str) -> None:
    print(f"engine: {line}", file=sys.stderr, flush=True)


parser = argparse.ArgumentParser(
    prog="python -m chaninfra.engine",
    description="Find or get the Pulumi engine, and print the path of the program pulumi.",
)
parser.add_argument("--yaml", action="store_true", help="also build what runs programs in YAML, if the engine lacks it")
arguments = parser.parse_args()
end_as_by_ctrl_c()
try:
    engine = get(report)
    if arguments.yaml:
        yaml_host.put_beside(engine, report)
    print(engine.pulumi)
except ChaninfraError as error:
    print(printable(str(error)), file=sys.stderr)
    sys.exit(error.exit_code)
except KeyboardInterrupt:
    sys.exit(130)
