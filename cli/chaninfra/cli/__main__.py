"""`python -m chaninfra.cli`."""

from chaninfra.cli.app import run

run()
