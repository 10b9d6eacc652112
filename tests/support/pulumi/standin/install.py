"""Installs the stand-in where the engine looks for the real plugin."""

from importlib.metadata import version
from pathlib import Path
from shlex import quote
from sys import executable

from support.paths import TESTS


def install(home: Path) -> dict[str, str]:
    """Installs the stand-in into the PULUMI_HOME `home` and returns the variables that make the engine use it."""
    # The engine finds the version that the installed pulumi-aws needs by the folder's name.
    folder = home / "plugins" / f"resource-aws-v{version('pulumi-aws')}"
    folder.mkdir(parents=True, exist_ok=True)
    plugin = folder / "pulumi-resource-aws"
    plugin.write_text(
        "#!/bin/sh\n"
        "# The stand-in of chaninfra's tests, not the real plugin.\n"
        f"export PYTHONPATH={quote(str(TESTS))}${{PYTHONPATH:+:$PYTHONPATH}}\n"
        f'exec {quote(executable)} -m support.pulumi.standin "$@"\n'
    )
    plugin.chmod(0o755)
    return {
        "PULUMI_HOME": str(home),
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # A real plugin on PATH must not replace the stand-in.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
    }
