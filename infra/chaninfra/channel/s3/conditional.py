"""A write that the store must refuse, since its condition does not hold: it shows whether the store honours conditions.

Stores without conditional writes answer in one of two ways: they reject the header, or they ignore it and write.
S3's answers: https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from chaninfra.channel.errors import ConflictError, StorageError, UnsupportedError
from chaninfra.channel.objects import Condition, IfMatch, ObjectBody, ObjectStore

NEVER_MATCHING = IfMatch('"00000000000000000000000000000000"')
"""A condition that no object meets: an md5 of all zeros."""

Outcome = Literal["done", "refused", "unsupported"]
"""`done`: the store did it; `refused`: the condition does not hold (409, 412); `unsupported`: the store does not have
this kind of request (400, 501)."""

Verdict = Literal["honoured", "ignored", "unsupported"]
"""How a store treats a condition that does not hold. `honoured`: it refuses the write; `ignored`: it writes all the
same; `unsupported`: it rejects every write that has such a condition."""

ProbedVerdict = Verdict | Literal["not-atomic", "not-believed"]
"""What only a probe can say. `not-atomic`: honoured one after the other, and not by writes at the same time;
`not-believed`: honoured in the probe, but the store is known not to honour it."""

_UNKNOWN_HEADER = frozenset(
    {
        "",
        "BadRequest",
        "InvalidArgument",
        "InvalidRequest",
        "MethodNotAllowed",
        "NotImplemented",
        "UnsupportedOperation",
    }
)
"""The codes with which some stores answer 400 to a header that they do not know. Other codes are about something else:
RequestTimeout, for example, about a body that came too slowly. InvalidRequest is also the answer of a bucket with
Object Lock to a PUT without a checksum, for which `error_for` has a class of its own."""

_VERDICTS: dict[Outcome, Verdict] = {"refused": "honoured", "done": "ignored", "unsupported": "unsupported"}


def outcome_of(request: Callable[[], object]) -> Outcome:
    """Make the request and classify the answer. Raises StorageError (DeniedError, ...) for every other answer."""
    try:
        request()
    except ConflictError:
        return "refused"
    except UnsupportedError:
        return "unsupported"
    except StorageError as error:
        if type(error) is StorageError and error.status == 400 and error.code in _UNKNOWN_HEADER:
            return "unsupported"
        raise
    return "done"


def verdict_of(write: Callable[[], object]) -> Verdict:
    """Make a write whose condition does not hold. Raises StorageError if the answer says nothing about conditions."""
    return _VERDICTS[outcome_of(write)]


def put_that_must_fail(store: ObjectStore, key: str, body: ObjectBody, condition: Condition) -> Verdict:
    """PUT under a condition that does not hold: IfAbsent() on an existing key, or NEVER_MATCHING.

    Give the bytes that the key holds already: a store that ignores the condition then changes nothing. Raises
    StorageError if the answer says nothing about conditions; DeniedError if these credentials may not write the key.
    """
    return verdict_of(lambda: store.put(key, body, condition))
