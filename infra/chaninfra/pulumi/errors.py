"""Errors of chaninfra as Pulumi shows them: without a traceback, with config keys spelled as the program does."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from keyword import iskeyword
from types import FrameType

import grpc  # type: ignore[import-untyped]
import pulumi

from chaninfra.channel.config.schema import config_keys
from chaninfra.channel.config.stack import CREDENTIALS
from chaninfra.channel.errors import ChaninfraError, ConfigurationError


class UserError(pulumi.RunError):
    """A ChaninfraError in a Python program, its config keys in snake_case.

    `error` is the original, so that the plugin can spell it for other languages.
    """

    def __init__(self, error: ChaninfraError) -> None:
        super().__init__(spelled(error, snake_case))
        self.error = error


@contextmanager
def user_errors() -> Iterator[None]:
    """Turns a ChaninfraError into a UserError, which Pulumi shows without a traceback."""
    try:
        yield
    except ChaninfraError as error:
        raise UserError(error) from None


@contextmanager
def told_plainly() -> Iterator[None]:
    """Ends a call of a dynamic resource that raises a ChaninfraError with its words alone, in one line.

    Otherwise Pulumi's server shows them as "Exception calling application: …", without the remedy in the line that a
    terminal shows of a resource, and Python logs a traceback. Outside of a call the error is raised as it is.
    """
    try:
        yield
    except ChaninfraError as error:
        context = _running_call()
        if context is None:
            raise
        words = error.for_stack()
        # With this code, as for any exception, the engine does not know whether anything was changed.
        abort = partial(context.abort, grpc.StatusCode.UNKNOWN, words)
        # Pulumi's server from 3.260 on aborts once more, with the traceback of what the first time raises.
        context.abort = lambda _code, _details: abort()
        abort()


def _running_call() -> grpc.ServicerContext | None:
    """The call of the engine that is running: Pulumi's server hands it to its own methods alone, as `context`."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        context = frame.f_locals.get("context")
        if isinstance(context, grpc.ServicerContext):
            return context
        frame = frame.f_back
    return None


def spelled(error: ChaninfraError, spelling: Callable[[str], str]) -> str:
    """`error.for_stack()` with the config keys in it spelled as arguments, for example by `camel_case`.

    Credentials keep their spelling: they are config keys of the stack, not arguments.
    """
    if isinstance(error, ConfigurationError):
        return error.spelled(spelling, config_keys() - set(CREDENTIALS))
    return error.for_stack()


def snake_case(key: str) -> str:
    """`endpoint_url` for `endpoint-url`, `from_` for `from`, which is a word of Python."""
    return f"{key}_" if iskeyword(key) else key.replace("-", "_")


def camel_case(key: str) -> str:
    """`endpointUrl` for `endpoint-url` or `endpoint_url`."""
    first, *rest = re.split("[-_]", key)
    return first + "".join(word.capitalize() for word in rest)
