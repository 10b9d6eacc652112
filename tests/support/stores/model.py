"""A store that `make test-stores` runs: a server on the loopback interface, and its row of PROVIDERS."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import servers
from chaninfra.channel.policy.statements import document
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Provider
from support.servers.s3_servers import Server

NewKey = Callable[[Server, str, Mapping[str, Any]], dict[str, str]]
"""(server, bucket, policy document) → a new access key on the bucket with these permissions, as variables for a process
(AWS_ACCESS_KEY_ID, …)."""
Config = dict[str, Any]
"""Keys of the stack config, as in Pulumi.<stack>.yaml, without the project's name."""


@dataclass(frozen=True)
class AsFound:
    """What the experiment of a column finds, and why the row does not say so."""

    value: Any
    why: str


@dataclass(frozen=True, kw_only=True)
class Store:
    """One store. What differs between the stores in their tests is a field of it, and no `if` asks for a name."""

    name: str
    """The name of the server, a key of `servers.SERVERS`."""
    provider: str
    """The row of PROVIDERS; `custom` for a server that has none of its own."""
    start: Callable[[Path], AbstractContextManager[Server]]
    """The server on the files in a folder, until the context ends."""
    conditional: bool = True
    """Whether it has conditional writes that are atomic, so that several writers may run at the same time."""
    checks_keys: bool = True
    """Whether it checks signatures and permissions."""
    lists_etags: bool = True
    """Whether its listings have ETags, as those of S3 have."""
    any_region: bool = True
    """Whether it takes requests that are signed for any region."""
    own_tls: bool = False
    """Whether it answers https at the same port too, with a certificate that nobody trusts."""
    public: bool = True
    """Whether it can let everybody read a bucket."""
    named: Callable[[Server, str], None] = lambda server, bucket: None
    """What its operator does with a bucket that S3 has made (`ByHand.bucket`), done."""
    opened: Callable[[Server, str], None] | None = None
    """What its operator does to make a bucket public (`ByHand.public`), done; None: a policy or an ACL does it."""
    key: NewKey | None = None
    """Makes a key as `next-steps` says; None: the server has no such keys, or the stack config makes them."""
    limited: NewKey | None = None
    """Makes a key where the stack config makes those of users."""
    site: Callable[[Server, str], tuple[str, Mapping[str, str]]] = lambda server, bucket: (
        f"{server.endpoint_url}/{bucket}",
        {},
    )
    """Where everybody reads a public bucket: its URL, without a slash at the end, and headers of each request."""
    target: Callable[[Server], str] | None = None
    """The ARN of a target of events that the server has, made if need be; None: it has no notifications."""
    elsewhere: Callable[[Path], AbstractContextManager[Server]] | None = None
    """The server in another region than us-east-1; None: its own region is another one, or it takes all as the same."""
    as_found: Mapping[str, AsFound] = field(default_factory=dict)
    """Column → what its experiment finds, where that is not the value of the row: the row is that of all unknown
    stores, says `unknown`, or knows more than an experiment can see."""

    @property
    def row(self) -> Provider:
        """The row of PROVIDERS."""
        return PROVIDERS[self.provider]

    @property
    def version(self) -> str:
        """The version of the server."""
        return servers.version(self.name)

    def config(self, server: Server, bucket: str, **more: Any) -> Config:
        """A stack config for a channel in the bucket, with the prefix `team/main` and the subdir linux-64."""
        base = {"provider": self.provider, "bucket": bucket, "endpoint_url": server.endpoint_url}
        return {**base, "prefix": "team/main", "subdirs": ["linux-64"], **more}


@dataclass(frozen=True)
class Running:
    """A store, and its server that runs."""

    store: Store
    server: Server

    def __hash__(self) -> int:
        # That of a store would be of all it holds.
        return hash(self.server)

    def new_bucket(self) -> str:
        """The name of a new bucket, which the store's operator knows too."""
        name = f"facts-{secrets.token_hex(6)}"
        self.server.client().create_bucket(Bucket=name)
        self.store.named(self.server, name)
        return name

    @property
    def has_strangers(self) -> bool:
        """Whether it can have a second user."""
        return (self.store.key or self.store.limited) is not None

    def stranger(self) -> dict[str, str]:
        """The variables with the keys of somebody who reads a bucket of their own, and has no right on any other."""
        made = self.store.key or self.store.limited
        assert made is not None
        own = self.new_bucket()
        return made(self.server, own, document(_reads(own)))


def _reads(bucket: str) -> list[dict[str, Any]]:
    arn = f"arn:aws:s3:::{bucket}"
    return [
        {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [f"{arn}/*"]},
        {"Effect": "Allow", "Action": ["s3:ListBucket"], "Resource": [arn]},
    ]
