"""What can go wrong, one class a kind; the command line turns each into its exit code.

A message says what was wrong and where; `remedy` is what to type or change next. No message ever holds a secret.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
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
    """Base class of the errors that chaninfra raises on purpose.

    `where` is the file, URL or object that the error is about; `remedy` is one sentence: the next command or change.
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
        return f"{self.where}: {self.message}" if self.where else self.message

    def __str__(self) -> str:
        return f"{self.summary}\n  {self.remedy}" if self.remedy else self.summary


class ConfigurationError(ChaninfraError):
    """A stack config, a descriptor or a flag is not valid; nothing was changed.

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
        place = ", ".join([*([self.where] if self.where else []), *([f"key {'.'.join(self.key)}"] if self.key else [])])
        return f"{place}: {self.message}" if place else self.message

    def spelled(self, spelling: Callable[[str], str], known: Collection[str]) -> str:
        """`str(error)` with the config keys spelled by `spelling`, for example `old_versions_days` in Python programs.

        `known` are the config keys (`config.schema.config_keys`). Only these words change: the parts of `key`, and the
        parts of a word or dotted path in backticks in `message` and `remedy` (`aws.kms-key-arn`). Names that a user
        chose and values such as `sse-s3` stay as they are, since they are not in `known`.
        """

        def path(keys: Iterable[str]) -> tuple[str, ...]:
            return tuple(spelling(key) if key in known else key for key in keys)

        def text(words: str) -> str:
            return _BACKTICKED.sub(lambda match: f"`{'.'.join(path(match[1].split('.')))}`", words)

        remedy = text(self.remedy) if self.remedy else None
        return str(ConfigurationError(text(self.message), where=self.where, key=path(self.key), remedy=remedy))


_BACKTICKED = re.compile(r"`([\w.-]+)`")


class StorageError(ChaninfraError):
    """The store did not answer as expected, and the answer does not say whether the object exists.

    `code` is the S3 error code ("" if the answer has none), `status` the HTTP status (None if there was no answer).
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
    """No connection to the endpoint: name, port, TLS or time."""


class WrongRegionError(StorageError):
    """The store refuses the region that requests are signed with; `reported` is the right one, where it says so."""

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
