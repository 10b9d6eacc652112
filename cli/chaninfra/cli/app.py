"""The program: its commands, its exit codes, and the end of the process.

py-rattler's runtime can abort the interpreter during its shutdown, after all work is done, and the process then ends
with a wrong exit code. So the program flushes its output and ends by `os._exit`, without that shutdown.
"""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from copy import copy as shallow_copy
from pathlib import Path
from textwrap import fill
from typing import Annotated, NoReturn, cast

import typer

from chaninfra.channel.errors import MEANINGS, ChaninfraError, ExitCode
from chaninfra.cli.command import Command, Group
from chaninfra.cli.commands import notice, patch, snapshot
from chaninfra.cli.commands.browse import browse
from chaninfra.cli.commands.copy import copy
from chaninfra.cli.commands.delete import delete
from chaninfra.cli.commands.demo import demo
from chaninfra.cli.commands.doctor import doctor
from chaninfra.cli.commands.follow import follow
from chaninfra.cli.commands.gc import gc
from chaninfra.cli.commands.init import init
from chaninfra.cli.commands.ls import ls
from chaninfra.cli.commands.manifest import manifest
from chaninfra.cli.commands.policy import policy
from chaninfra.cli.commands.providers import providers
from chaninfra.cli.commands.prune import prune
from chaninfra.cli.commands.publish import publish
from chaninfra.cli.commands.reindex import reindex
from chaninfra.cli.commands.rollback import rollback
from chaninfra.cli.commands.schema import schema
from chaninfra.cli.commands.yank import unyank, yank
from chaninfra.cli.output import streams
from chaninfra.cli.store_flags import StoreCommand, with_store_flags
from chaninfra.index.garbage import collect_seldom

TRACEBACK = "CHANINFRA_TRACEBACK"

app = typer.Typer(
    name="chaninfra",
    cls=Group,
    no_args_is_help=True,
    # Plain help: the import of rich takes longer than the rest of the program's start.
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
_ON_A_CHANNEL: tuple[Callable[..., None], ...] = (
    *(manifest, publish, copy, reindex, follow),
    *(yank, unyank, delete, rollback, ls, browse, prune, gc, init, doctor),
)
_OTHERS: tuple[Callable[..., None], ...] = (policy, providers, schema, demo)
_GROUPS: dict[str, tuple[str, tuple[Callable[..., None], ...]]] = {
    "patch": (patch.HELP, (patch.add, patch.ls, patch.rm, patch.import_, patch.export)),
    "snapshot": (snapshot.HELP, (snapshot.create, snapshot.ls, snapshot.rm)),
    "notice": (notice.HELP, (notice.add, notice.ls, notice.rm)),
}
"""Name → help and members, for commands that are called `chaninfra GROUP COMMAND`."""
for _command in _ON_A_CHANNEL:
    app.command(_command.__name__, cls=StoreCommand)(with_store_flags(_command))
for _name, (_group_help, _members) in _GROUPS.items():
    _group = typer.Typer(cls=Group, no_args_is_help=True, rich_markup_mode=None, help=_group_help)
    for _command in _members:
        # `import` is a keyword of Python.
        _group.command(_command.__name__.rstrip("_"), cls=StoreCommand)(with_store_flags(_command))
    app.add_typer(_group, name=_name)
for _command in _OTHERS:
    app.command(_command.__name__, cls=Command)(_command)


def commands() -> Iterator[tuple[str, Callable[..., None]]]:
    """The name of each command, such as `publish` or `snapshot create`, and its function."""
    for each in app.registered_commands:
        yield str(each.name), cast("Callable[..., None]", each.callback)
    for group in app.registered_groups:
        for each in cast("typer.Typer", group.typer_instance).registered_commands:
            yield f"{group.name} {each.name}", cast("Callable[..., None]", each.callback)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        streams.result(f"chaninfra {version('chaninfra')}")
        raise typer.Exit


_EXIT_CODES = "\n".join(
    fill(meaning, 80, initial_indent=f"  {code:<5}", subsequent_indent=" " * 7) for code, meaning in MEANINGS.items()
)
_HELP = f"""Conda channels on S3-compatible storage, without a server.

Declare a channel in a Pulumi stack or create one with `chaninfra init`, publish packages to it, and print the
settings that pixi and other clients need.

\b
Exit codes:
{_EXIT_CODES}
"""


@app.callback(help=_HELP)
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """The options of the program itself."""


def run() -> NoReturn:
    """The console script: run the command line and end the process with its exit code."""
    _open_streams()
    collect_seldom()
    _end_process(_main())


def _open_streams() -> None:
    """Give a standard stream that the process was started without (`2>&-`) the null device; see also `windows`.

    Python has None for it, which some libraries do not expect, and the next file that is opened would get its number:
    what is written to that stream would then go into the file.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115 (open until the end)
    if sys.platform == "win32":
        from chaninfra.cli.output import windows

        windows.prepare()


def _called(words: Sequence[str]) -> typer.Typer:
    """The program with the one command or group that these words of a command line call; the whole program where they
    do not begin with one: to make all commands ready takes typer longer than many of them run.
    """
    commands = [each for each in app.registered_commands if [each.name] == [*words[:1]]]
    groups = [each for each in app.registered_groups if [each.name] == [*words[:1]]]
    if not commands and not groups:
        return app
    one = shallow_copy(app)
    one.registered_commands, one.registered_groups = commands, groups
    return one


def _main() -> int:
    try:
        _called(sys.argv[1:])(prog_name="chaninfra")
    except SystemExit as end:
        return _exit_code(end)
    except KeyboardInterrupt:
        streams.note("stopped")
        return ExitCode.INTERRUPTED
    except ChaninfraError as error:
        streams.error(error)
        return error.exit_code
    except BrokenPipeError:
        # The reader of stdout is gone (`| head`), so print nothing.
        return ExitCode.FAILED
    except BaseException as error:
        # BaseException, since a Rust panic in obstore or py-rattler (pyo3's PanicException) is not an Exception.
        if os.environ.get(TRACEBACK):
            import traceback

            streams.plain(traceback.format_exc())
        streams.error(
            ChaninfraError(
                f"unexpected {type(error).__name__}: {error}".split("\n", 1)[0],
                remedy=f"this is a bug in chaninfra; set {TRACEBACK}=1 to see the traceback",
            )
        )
        return ExitCode.FAILED
    return ExitCode.DONE


def _exit_code(end: SystemExit) -> int:
    if end.code is None:
        return ExitCode.DONE
    if isinstance(end.code, int):
        if end.code == ExitCode.INTERRUPTED:
            # typer makes this of Ctrl-C. Commands that can be halfway say more, see `interrupts`.
            streams.note("stopped")
        return end.code
    streams.plain(str(end.code))
    return ExitCode.FAILED


def _end_process(code: int) -> NoReturn:
    try:
        for stream in (sys.stdout, sys.stderr):
            # None if the process was started with the stream closed (`>&-`).
            if stream is not None:
                stream.flush()
    except OSError as error:
        if not streams.reader_is_gone(error):
            os.write(2, f"error: the output could not be written: {error.strerror}\n".encode())
        code = code or ExitCode.FAILED
    # They delete temporary files. `os._exit` leaves them out.
    atexit._run_exitfuncs()
    os._exit(code)
