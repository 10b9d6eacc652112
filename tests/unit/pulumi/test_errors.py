"""How an error of a dynamic resource reaches the engine: by the call of Pulumi's server that is running."""

from __future__ import annotations

from unittest.mock import create_autospec

import grpc
import pytest

from chaninfra.channel.errors import RefusedError
from chaninfra.pulumi.errors import told_plainly

REFUSED = RefusedError("the bucket has 2 packages", where="s3://demo", remedy="set `force-destroy`")


class AbortedError(Exception):
    """What a context raises when it ends a call."""


def deleted(context: object, error: Exception) -> None:
    """A method of Pulumi's server, which has the call as `context`."""

    def delete() -> None:
        with told_plainly():
            raise error

    delete()
    assert context


def test_the_call_ends_with_one_line_of_words_and_remedy() -> None:
    context = create_autospec(grpc.ServicerContext, instance=True)
    context.abort.side_effect = AbortedError
    with pytest.raises(AbortedError):
        deleted(context, REFUSED)
    context.abort.assert_called_once_with(
        grpc.StatusCode.UNKNOWN, "s3://demo: the bucket has 2 packages; set `force-destroy`"
    )


def test_outside_of_a_call_the_error_is_raised_as_it_is() -> None:
    with pytest.raises(RefusedError) as caught:
        deleted("another context", REFUSED)
    assert caught.value is REFUSED


def test_an_error_of_the_program_is_not_hidden() -> None:
    context = create_autospec(grpc.ServicerContext, instance=True)
    with pytest.raises(KeyError):
        deleted(context, KeyError("x"))
    context.abort.assert_not_called()
