"""The errors of chaninfra. Each class has the exit code with which a command ends that raises it.

A message says what is wrong and where; `remedy` says what to type or change next. A message never contains a secret.
In the message and the remedy of a ConfigurationError, every config key is in backticks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from enum import IntEnum
from textwrap import indent

from chaninfra.channel.text import one_line, printable


class ExitCode(IntEnum):
    """The exit codes of the commands; they are stable, so that scripts can use them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    SKIPPED = 3
    CONFLICT = 4
    DENIED = 5
    INTERRUPTED = 130
    TERMINATED = 143


MEANINGS: dict[ExitCode, str] = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "failed; or `doctor` or `--check` found a problem; or `ls` found no such package",
    ExitCode.USAGE: "wrong usage or configuration",
    ExitCode.SKIPPED: "done, but some packages were skipped",
    ExitCode.CONFLICT: "conflict: another writer changed the channel first (run it again), or existing content differs",
    ExitCode.DENIED: "access denied",
    ExitCode.INTERRUPTED: "stopped by Ctrl-C (the message says what is done)",
    ExitCode.TERMINATED: "stopped by SIGTERM (the message says what is done)",
}
"""What each exit code means, for the help and the pages."""


class Remedy(str):
    """A remedy in the words of the command line; `stack` says the same to whoever writes a stack config."""

    stack: str

    def __new__(cls, text: str, *, stack: str) -> Remedy:
        """For example `Remedy("give --profile NAME", stack="set `profile`")`."""
        self = super().__new__(cls, text)
        self.stack = stack
        return self


def in_stack_words(remedy: str | None) -> str | None:
    """A remedy for whoever writes a stack config."""
    return remedy.stack if isinstance(remedy, Remedy) else remedy


class ChaninfraError(Exception):
    """Base class of the errors that chaninfra raises on purpose.

    `where` is the file, URL or object that the error is about. `remedy` is one sentence: the next command or change.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    @property
    def summary(self) -> str:
        """`where: message`, without the remedy."""
        return f"{one_line(self.where)}: {self.message}" if self.where else self.message

    def __str__(self) -> str:
        # Each line of the remedy, which may be text to paste, keeps its place under the others.
        return f"{self.summary}\n{indent(self.remedy.rstrip(), '  ')}" if self.remedy else self.summary

    @property
    def stack_remedy(self) -> str | None:
        """The remedy for whoever writes a stack config."""
        return in_stack_words(self.remedy)

    def for_stack(self) -> str:
        """`where: message; remedy`, as Pulumi shows it: of what a resource says, a terminal has one line."""
        return printable(f"{self.summary}; {self.stack_remedy}" if self.stack_remedy else self.summary)


class ConfigurationError(ChaninfraError):
    """A stack config, a descriptor or a flag is not valid. Nothing was changed.

    `key` is the path of the key in the document that `where` names: ("cdn", "domain").
    """

    exit_code = ExitCode.USAGE

    def __init__(
        self, message: str, *, where: str | None = None, key: tuple[str, ...] = (), remedy: str | None = None
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.key = key

    @property
    def summary(self) -> str:
        """`where, key cdn.domain: message`, without the remedy."""
        place = ", ".join(
            [*([one_line(self.where)] if self.where else []), *([f"key {'.'.join(self.key)}"] if self.key else [])]
        )
        return f"{place}: {self.message}" if place else self.message

    def spelled(self, spelling: Callable[[str], str], known: Collection[str]) -> str:
        """`for_stack()` with the config keys spelled by `spelling`, for example `old_versions_days` in Python programs.

        `known` are the config keys (`config.schema.config_keys`). Only these words change: the parts of `key`, and the
        parts of a word or dotted path in backticks in `message` and `remedy` (`aws.kms-key-arn`). Names that a user
        chose and values such as `sse-s3` stay as they are, since they are not in `known`.
        """

        def path(keys: Iterable[str]) -> tuple[str, ...]:
            return tuple(spelling(key) if key in known else key for key in keys)

        def text(words: str) -> str:
            return _BACKTICKED.sub(lambda match: f"`{'.'.join(path(match[1].split('.')))}`", words)

        remedy = text(self.stack_remedy) if self.stack_remedy else None
        error = ConfigurationError(text(self.message), where=self.where, key=path(self.key), remedy=remedy)
        return error.for_stack()


_BACKTICKED = re.compile(r"`([\w.-]+)`")


class StorageError(ChaninfraError):
    """The store did not answer as expected, and the answer does not say whether the object exists.

    `code` is the S3 error code ("" if the answer has none), `status` the HTTP status (None without an answer).
    """

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        code: str = "",
        status: int | None = None,
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.code = code
        self.status = status


class UnreachableError(StorageError):
    """No connection to the endpoint: DNS, port, TLS or a timeout."""


class NotS3Error(StorageError):
    """Something answers at the endpoint, and it is not the S3 API: a console, a web server."""


class WrongRegionError(StorageError):
    """The store refuses requests signed for this region. `reported` is the right region, if the store names it."""

    def __init__(
        self,
        message: str,
        *,
        where: str | None = None,
        remedy: str | None = None,
        code: str = "",
        status: int | None = None,
        reported: str | None = None,
    ) -> None:
        super().__init__(message, where=where, remedy=remedy, code=code, status=status)
        self.reported = reported


class UnsupportedError(StorageError):
    """The store does not support the request (501), for example a conditional write."""


class ChecksumRequiredError(StorageError):
    """The store wants a checksum of the body with this PUT (a bucket with Object Lock), and there was none it knows."""


class RecreationError(StorageError):
    """The store refuses to create an object that was deleted before: it takes the delete marker for an object."""


class InvalidRepodataError(StorageError):
    """The object repodata.json exists, but its content is not valid repodata."""


class BucketMissingError(StorageError):
    """The bucket does not exist (NoSuchBucket)."""


class DeniedError(StorageError):
    """The credentials are valid, but do not permit the request (403)."""

    exit_code = ExitCode.DENIED


class CredentialsError(DeniedError):
    """No credentials were found, or the store does not accept them."""


class ClockError(CredentialsError):
    """The store refuses the time in the signature: the clock is wrong."""


@contextmanager
def remedy_if_denied(remedy: str) -> Iterator[None]:
    """Give a DeniedError from within this remedy. That of credentials which are missing or wrong keeps its own."""
    try:
        yield
    except CredentialsError:
        raise
    except DeniedError as error:
        raise DeniedError(
            error.message, where=error.where, remedy=remedy, code=error.code, status=error.status
        ) from error


def only_maintainers(do: str, *, promoters: bool = False) -> str:
    """The remedy for whoever may not do what only maintainers do, or they and promoters: "write notices"."""
    who, doctor = "maintainers", "`chaninfra doctor --as maintainer`"
    if promoters:
        who, doctor = "maintainers and promoters", "`chaninfra doctor --as promoter`"
    return f"only {who} may {do}: use the key or role of one; {doctor} says what is missing"


class ConflictError(ChaninfraError):
    """Another writer was first, or an existing object would be overwritten."""

    exit_code = ExitCode.CONFLICT


class SkippedError(ChaninfraError):
    """The command is done, but skipped some packages. The message names them."""

    exit_code = ExitCode.SKIPPED


class StoppedError(ChaninfraError):
    """Somebody stopped the command, by Ctrl-C or SIGTERM. The message says what is done by then."""

    exit_code = ExitCode.INTERRUPTED


class RefusedError(ChaninfraError):
    """The operation would lose packages or change what chaninfra does not manage. Nothing was changed."""


class EngineError(ChaninfraError):
    """The Pulumi engine was not found and could not be downloaded, or it failed."""
