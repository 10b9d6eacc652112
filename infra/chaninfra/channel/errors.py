"""What can go wrong, one class a kind; the command line turns each into its exit code.

A message says what was wrong and where; `remedy` is what to type or change next. No message ever holds a secret.
"""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    """The exit codes that scripts may rely on."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    LEFT_OUT = 3
    CONFLICT = 4
    DENIED = 5


class ChaninfraError(Exception):
    """Something failed; the base of every error that chaninfra raises on purpose.

    `where` is the file, key or path in a document; `remedy` the next command or change, one sentence.
    """

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, message: str, *, where: str | None = None, remedy: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.remedy = remedy

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return f"{head}\n  {self.remedy}" if self.remedy else head


class ConfigurationError(ChaninfraError):
    """What the user wrote (a stack config, a descriptor, a flag) is not valid; nothing was made."""

    exit_code = ExitCode.USAGE


class StorageError(ChaninfraError):
    """The store did not answer as it should, in a way that says nothing about what is there."""


class UnreachableError(StorageError):
    """No connection to the endpoint: name, port, TLS or time."""


class WrongRegionError(StorageError):
    """The store refuses the region that requests are signed with; `reported` is the right one, where it says so."""

    def __init__(
        self, message: str, *, where: str | None = None, remedy: str | None = None, reported: str | None = None
    ) -> None:
        super().__init__(message, where=where, remedy=remedy)
        self.reported = reported


class UnsupportedError(StorageError):
    """The store does not have what was asked for (501), a conditional write for one."""


class InvalidRepodataError(StorageError):
    """What lies where repodata.json should be is none."""


class BucketMissingError(StorageError):
    """The store says that there is no such bucket."""


class DeniedError(StorageError):
    """The store knows who is asking and says no (403)."""

    exit_code = ExitCode.DENIED


class CredentialsError(DeniedError):
    """No credentials were found, or the store does not accept them."""


class ClockError(CredentialsError):
    """The store refuses requests that are signed with this time."""


class ConflictError(ChaninfraError):
    """Lost to another writer, or refused to overwrite what is there."""

    exit_code = ExitCode.CONFLICT


class LeftOutError(ChaninfraError):
    """Done, but some packages were left out; the message names them."""

    exit_code = ExitCode.LEFT_OUT


class RefusedError(ChaninfraError):
    """Would lose packages or touch what belongs to somebody else; nothing was changed."""


class EngineError(ChaninfraError):
    """The Pulumi engine could not be had, or it failed."""
