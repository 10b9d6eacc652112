"""What is said of a source beside its URL: its store and credentials, and how fast it is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from chaninfra.channel.conda.mirrors import bytes_in

AddressingStyle = Literal["path", "virtual-host"]


@dataclass(frozen=True, kw_only=True)
class FromFlags:
    """The values of the `--from-…` options, and of those that limit how a source is read; None: not given."""

    provider: str | None = None
    endpoint_url: str | None = field(default=None, repr=False)
    region: str | None = None
    addressing_style: AddressingStyle | None = None
    access_key_id: str | None = None
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    profile: str | None = None
    allow_origin: tuple[str, ...] = field(default=(), repr=False)
    """Other servers that files may come from: https://HOST; or other places in the bucket: s3://BUCKET/PREFIX."""
    rate: str | None = None
    """Most bytes a second, as `mirrors` has it: `20MB`."""
    at_once: int | None = None
    """Most connections."""

    @property
    def path_style(self) -> bool | None:
        """Whether path style is asked for; None: nobody says it."""
        return None if self.addressing_style is None else self.addressing_style == "path"

    @property
    def bytes_per_second(self) -> int | None:
        """Most bytes a second; None: no limit."""
        return None if self.rate is None else bytes_in(self.rate)
