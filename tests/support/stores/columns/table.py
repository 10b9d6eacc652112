"""EXPERIMENTS: the columns of a row that a server can be asked about, each with what asks it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from chaninfra.channel.providers.evidence import ground
from support.stores.columns import access, addressing, conditions, digests, settings, together
from support.stores.columns.asking import DOES_NOT_APPLY
from support.stores.model import Running

EXPERIMENTS: dict[str, Callable[[Running], Any]] = {
    "region": addressing.region,
    "addressing": addressing.addressing,
    "location-constraint": addressing.location_constraint,
    "checksums": digests.checksums,
    "digest": digests.digest,
    "public": access.public,
    "public-url": access.public_url,
    "etags": conditions.etags,
    "version-rights": access.version_rights,
    "notification-change": settings.notification_change,
    "policy-place": access.policy_place,
    "object-owner": access.object_owner,
    "index-document": access.index_document,
    "bucket-policy": access.bucket_policy,
    "acl": access.acl,
    "public-access-block": access.public_access_block,
    "cors": settings.cors,
    "lifecycle-versions": settings.lifecycle_versions,
    "lifecycle-uploads": settings.lifecycle_uploads,
    "versioning": settings.versioning,
    "encryption": settings.encryption,
    "tags": settings.tags,
    "conditional-create": conditions.conditional_create,
    "conditional-replace": conditions.conditional_replace,
    "conditional-multipart": conditions.conditional_multipart,
    "conditional-copy": conditions.conditional_copy,
    "conditional-versioned": conditions.conditional_versioned,
    "conditional-recreate": conditions.conditional_recreate,
    "notifications": settings.notifications,
    "settings-changes": together.settings_changes,
}
"""Column → the experiment, which returns a value of the column. It raises where the answers say nothing."""

NOT_ASKED: dict[str, str] = {
    "endpoint": "the stores that run here have the endpoint that their operator gives them",
    "scheme": "a fact about pixi, which its own tests cover",
    "keys": "the access keys of a store are made and used in test_life.py",
    "oidc": "tokens are exchanged in tests/integration/servers: test_oidc_steps.py and test_trust_sts.py",
}
"""Column → why no experiment asks a server."""


@cache
def found(running: Running, column: str) -> Any:
    """What the experiment of a column finds on a store; made once."""
    return EXPERIMENTS[column](running)


def assert_as_said(running: Running, column: str) -> None:
    """Fails if what is found is not what the row, or the store's `as_found`, says; and if the row does not say that it
    was measured."""
    store, value, fact = running.store, found(running, column), running.store.row.facts()[column]
    name = f"{column} of {store.name} {store.version}"
    given = store.as_found.get(column)
    if value == DOES_NOT_APPLY:
        assert ground(fact) != "measured", f"{name} cannot be measured, and the row says that it was"
        return
    said = fact.value if given is None else given.value
    assert value == said, f"{name} is {value!r}, and what is known of it says {said!r}"
    if given is None and store.provider != "custom" and value != "unknown":
        assert ground(fact) == "measured", f"{name} is as the row says, whose source is not yet a server of our own"
