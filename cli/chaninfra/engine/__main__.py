"""`python -m chaninfra.engine`: installs the engine if there is none; prints its path on stdout, progress on stderr."""

from __future__ import annotations

import sys

from chaninfra.channel.errors import ChaninfraError
from chaninfra.channel.text import printable
from chaninfra.engine import get
from chaninfra.engine.process import end_as_by_ctrl_c


def report(line: str) -> None:
    print(f"engine: {line}", file=sys.stderr, flush=True)


end_as_by_ctrl_c()
try:
    print(get(report).pulumi)
except ChaninfraError as error:
    print(printable(str(error)), file=sys.stderr)
    sys.exit(error.exit_code)
except KeyboardInterrupt:
    sys.exit(130)
