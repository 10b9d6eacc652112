"""The guard against `pulumi destroy`: it depends on all other resources, so it is deleted first, and its refusal
leaves everything in place."""

from __future__ import annotations

from chaninfra.channel.errors import RefusedError
from chaninfra.channel.skeleton import own_keys
from chaninfra.channel.subdirs import is_package
from chaninfra.channel.text import count
from chaninfra.pulumi.resources.base import Operations, Props
from chaninfra.pulumi.resources.bucket import exists
from chaninfra.pulumi.resources.purge import versions

REMEDY = "nothing was deleted. To delete them too: set `force-destroy` to true, run `pulumi up`, then `pulumi destroy`"


class GuardOperations(Operations):
    """Inputs: store, prefixes (of the channels), adopt, force-destroy."""

    def delete(self, props: Props) -> None:
        """Refuses while packages, or objects that are not ours, are in a bucket that would be deleted."""
        if props["adopt"] or props["force-destroy"] or not exists(self.session):
            return
        # Old versions count: they are what a deleted package is brought back from.
        keys = {key for key, _, marker in versions(self.session, "") if not marker}
        where = f"s3://{self.session.location.bucket}"
        found = {key for key in keys if is_package(key)}
        if found:
            raise RefusedError(f"{count(len(found), 'package')} there", where=where, remedy=REMEDY)
        own = {key for prefix in props["prefixes"] for key in own_keys(keys, prefix)}
        if keys - own:
            foreign = sorted(keys - own)
            raise RefusedError(
                f"{count(len(foreign), 'object')} there that chaninfra did not make, {foreign[0]!r} among them",
                where=where,
                remedy=REMEDY,
            )
