"""The program: its commands, and the one place where it ends.

py-rattler's runtime can abort the interpreter while that shuts down, after all work is done and with an exit code
that nobody earned. So the program does not let the interpreter shut down: it flushes what was printed and leaves.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Annotated, NoReturn

import typer

from chaninfra.channel.errors import ChaninfraError, ExitCode
from chaninfra.cli.command import Command, Group
from chaninfra.cli.commands.demo import demo
from chaninfra.cli.commands.doctor import doctor
from chaninfra.cli.commands.gc import gc
from chaninfra.cli.commands.init import init
from chaninfra.cli.commands.ls import ls
from chaninfra.cli.commands.manifest import manifest
from chaninfra.cli.commands.policy import policy
from chaninfra.cli.commands.providers import providers
from chaninfra.cli.commands.publish import publish
from chaninfra.cli.commands.reindex import reindex
from chaninfra.cli.commands.schema import schema
from chaninfra.cli.commands.yank import unyank, yank
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreCommand, with_store_flags

TRACEBACK = "CHANINFRA_TRACEBACK"
INTERRUPTED = 130

app = typer.Typer(
    name="chaninfra",
    cls=Group,
    no_args_is_help=True,
    # Plain help: rich would cost more time than all the rest of the program's start.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
_ON_A_CHANNEL: tuple[Callable[..., None], ...] = (manifest, publish, reindex, yank, unyank, ls, gc, init, doctor)
_OTHERS: tuple[Callable[..., None], ...] = (policy, providers, schema, demo)
for _command in _ON_A_CHANNEL:
    app.command(_command.__name__, cls=StoreCommand)(with_store_flags(_command))
for _command in _OTHERS:
    app.command(_command.__name__, cls=Command)(_command)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        streams.result(f"chaninfra {version('chaninfra')}")
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A conda channel on S3 that needs no server: declared once, provisioned by Pulumi, used from pixi.

    Exit codes: 0 done; 1 failed, or a check found something; 2 wrong usage or configuration; 3 done, but some packages
    were left out; 4 lost to other writers or refused to overwrite; 5 access denied.
    """


def run() -> NoReturn:
    """The console script: runs the command line and ends the process with the exit code that it earned."""
    _leave(_main())


def _main() -> int:
    try:
        app(prog_name="chaninfra")
    except SystemExit as end:
        return _code_of(end)
    except KeyboardInterrupt:
        return INTERRUPTED
    except ChaninfraError as error:
        streams.error(error)
        return error.exit_code
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody to tell.
        return ExitCode.FAILED
    except BaseException as error:
        # Not Exception alone: a panic of the Rust below obstore and py-rattler is none.
        if os.environ.get(TRACEBACK):
            import traceback

            traceback.print_exc()
        streams.error(
            ChaninfraError(
                f"unexpected: {type(error).__name__}: {error}".split("\n", 1)[0],
                remedy=f"this is a bug in chaninfra; {TRACEBACK}=1 shows where",
            )
        )
        return ExitCode.FAILED
    return ExitCode.DONE


def _code_of(end: SystemExit) -> int:
    if end.code is None:
        return ExitCode.DONE
    if isinstance(end.code, int):
        return end.code
    print(end.code, file=sys.stderr)
    return ExitCode.FAILED


def _leave(code: int) -> NoReturn:
    try:
        for stream in (sys.stdout, sys.stderr):
            # None where the process was started with the stream closed.
            if stream is not None:
                stream.flush()
    except BrokenPipeError:
        code = code or ExitCode.FAILED
    except OSError as error:
        os.write(2, f"error: the output could not be written: {error.strerror}\n".encode())
        code = code or ExitCode.FAILED
    os._exit(code)
