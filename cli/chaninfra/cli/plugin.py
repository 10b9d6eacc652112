"""The console script `pulumi-resource-chaninfra`, which Pulumi starts for programs in other languages.

Not the plugin itself, which cannot be imported without Pulumi's SDK.
"""

from __future__ import annotations

import sys

from chaninfra.channel.extras import MissingExtraError


def run() -> None:
    """Run the plugin; end with one line if the extra `pulumi` is not installed."""
    try:
        from chaninfra.pulumi.plugin import run as plugin
    except MissingExtraError as error:
        sys.exit(f"error: {error}")
    plugin()
