"""What a channel is: its spec, its formats, its store. Knows neither Pulumi nor the command line."""

import sys

# pip refuses an older Python; whoever runs chaninfra from its source is told here.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit(
        "error: chaninfra needs Python 3.11 or newer, and this is %d.%d\n"  # noqa: UP031
        "  make an environment with a newer one: python3.11 -m venv env" % sys.version_info[:2]
    )
