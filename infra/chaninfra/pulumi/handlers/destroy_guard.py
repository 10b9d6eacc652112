"""The guard against `pulumi destroy`. It depends on all other resources, so Pulumi deletes it first; if it refuses,
nothing is deleted."""

from __future__ import annotations

from typing import TypedDict

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.text import count
from chaninfra.pulumi.bucket_session import Session, StoreInput
from chaninfra.pulumi.handlers.base import Handler
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import WITH_PACKAGES, objects, own_files, packages

DestroyGuardInputs = TypedDict(
    "DestroyGuardInputs",
    {
        "store": StoreInput,
        # The prefixes of all channels in the bucket.
        "prefixes": list[str],
        "adopt": bool,
        "force-destroy": bool,
    },
)

_REMEDY = f"nothing was deleted. {WITH_PACKAGES}"


class DestroyGuardHandler(Handler[DestroyGuardInputs, DestroyGuardInputs]):
    """Refuses its own deletion while the bucket holds packages or objects of others."""

    def delete(self, props: DestroyGuardInputs) -> None:
        """Raises RefusedError if the bucket would be deleted with packages or with objects of others in it."""
        if props["adopt"] or props["force-destroy"] or not exists(self.session):
            return
        refuse_unless_empty(self.session, props["prefixes"], _REMEDY)


def refuse_unless_empty(session: Session, prefixes: list[str], remedy: str) -> None:
    """Raises RefusedError if the bucket holds packages, or objects that are in none of the channels at `prefixes`."""
    where = f"s3://{session.location.bucket}"
    number = packages(session, "")
    if number:
        raise RefusedError(f"the bucket has {count(number, 'package')}", where=where, remedy=remedy)
    keys = objects(session, "")
    # Attestations whose package is gone are of no use, and `gc` deletes them as well.
    own = {key for prefix in prefixes for key in own_files(session, keys, prefix)}
    others = sorted(keys - own)
    if others:
        raise RefusedError(
            f"the bucket has {count(len(others), 'object')} that chaninfra did not make, for example {others[0]!r}",
            where=where,
            remedy=remedy,
        )
