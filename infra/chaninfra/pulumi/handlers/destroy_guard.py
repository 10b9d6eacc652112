"""The guard against `pulumi destroy`: it depends on all other resources, so it is deleted first, and its refusal
leaves everything in place."""

from __future__ import annotations

from chaninfra.channel.conda.layout import own_keys
from chaninfra.channel.errors import RefusedError
from chaninfra.channel.text import count
from chaninfra.pulumi.bucket_session import Session
from chaninfra.pulumi.handlers.base import Operations, Props
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import objects, packages

REMEDY = "nothing was deleted. To delete them too: set `force-destroy` to true, run `pulumi up`, then `pulumi destroy`"


class GuardOperations(Operations):
    """Inputs: store, prefixes (of the channels), adopt, force-destroy."""

    def delete(self, props: Props) -> None:
        """Refuses while packages, or objects that are not ours, are in a bucket that would be deleted."""
        if props["adopt"] or props["force-destroy"] or not exists(self.session):
            return
        refuse_if_left(self.session, props["prefixes"], REMEDY)


def refuse_if_left(session: Session, prefixes: list[str], remedy: str) -> None:
    """Raises RefusedError where the bucket holds packages, or what is of none of the channels at `prefixes`."""
    where = f"s3://{session.location.bucket}"
    number = packages(session, "")
    if number:
        raise RefusedError(f"{count(number, 'package')} there", where=where, remedy=remedy)
    keys = objects(session, "")
    own = {key for prefix in prefixes for key in own_keys(keys, prefix)}
    if keys - own:
        foreign = sorted(keys - own)
        raise RefusedError(
            f"{count(len(foreign), 'object')} there that chaninfra did not make, {foreign[0]!r} among them",
            where=where,
            remedy=remedy,
        )
