"""How an error of a dynamic resource reaches the engine: by the call of Pulumi's server that is running."""

from __future__ import annotations

import traceback
from collections.abc import Callable
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


def deleted_by_newer_server(context: grpc.ServicerContext) -> None:
    """The same method with what Pulumi's server puts around it from 3.260 on."""
    try:
        deleted(context, REFUSED)
    except Exception:
        context.abort(grpc.StatusCode.UNKNOWN, traceback.format_exc())


@pytest.mark.parametrize("delete", [lambda context: deleted(context, REFUSED), deleted_by_newer_server])
def test_the_call_ends_with_one_line_of_words_and_remedy(delete: Callable[[grpc.ServicerContext], None]) -> None:
    context = create_autospec(grpc.ServicerContext, instance=True)
    abort = context.abort
    abort.side_effect = AbortedError
    with pytest.raises(AbortedError):
        delete(context)
    words = (grpc.StatusCode.UNKNOWN, "s3://demo: the bucket has 2 packages; set `force-destroy`")
    assert {call.args for call in abort.call_args_list} == {words}


def test_outside_of_a_call_the_error_is_raised_as_it_is() -> None:
    with pytest.raises(RefusedError) as caught:
        deleted("another context", REFUSED)
    assert caught.value is REFUSED


def test_an_error_of_the_program_is_not_hidden() -> None:
    context = create_autospec(grpc.ServicerContext, instance=True)
    with pytest.raises(KeyError):
        deleted(context, KeyError("x"))
    context.abort.assert_not_called()
