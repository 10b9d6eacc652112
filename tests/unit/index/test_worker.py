"""Errors cross from a worker process to its parent as they are."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from chaninfra.channel import errors
from chaninfra.channel.errors import ChaninfraError, ConfigurationError, StorageError, WrongRegionError
from chaninfra.channel.objects import ObjectMeta, TooLargeError
from chaninfra.index.worker import Raised


def _crossed(error: BaseException) -> BaseException:
    crossed: Raised = pickle.loads(pickle.dumps(Raised.of(error)))  # noqa: S301 (of this test)
    return crossed.error()


_CLASSES = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ChaninfraError)]


@pytest.mark.parametrize("kind", _CLASSES, ids=lambda kind: kind.__name__)
def test_every_error_keeps_type_text_and_exit_code(kind: type[ChaninfraError]) -> None:
    error = kind("is not there", where="s3://b/k", remedy="run `chaninfra init`")
    crossed = _crossed(error)
    assert type(crossed) is kind
    assert str(crossed) == str(error) == "s3://b/k: is not there\n  run `chaninfra init`"
    assert crossed.exit_code == error.exit_code


@pytest.mark.parametrize(
    "error",
    [
        StorageError("refused", code="SlowDown", status=503),
        WrongRegionError("wrong", code="AuthorizationHeaderMalformed", status=400, reported="eu-west-1"),
        ConfigurationError("not valid", key=("cdn", "domain")),
        TooLargeError(ObjectMeta(key="k", size=9, etag="e", modified=datetime.now(UTC)), 8),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_with_fields_of_their_own_keep_them(error: ChaninfraError) -> None:
    crossed = _crossed(error)
    assert type(crossed) is type(error)
    assert vars(crossed) == vars(error)


def test_a_bug_is_told_by_its_text() -> None:
    crossed = _crossed(KeyError("subdir"))
    assert isinstance(crossed, RuntimeError)
    assert str(crossed) == "KeyError: 'subdir'"
