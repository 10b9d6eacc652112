"""PROVIDERS: what chaninfra knows of each store, one row a provider.

A difference between stores is a column here. Code asks a row for a fact; it never asks for a provider by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from chaninfra.channel.partitions import dns_suffix

Addressing = Literal["path", "virtual-host"]
Backend = Literal["aws", "s3"]
PublicAccess = Literal["bucket-policy", "by-hand"]

# Follows from the region, so nobody gives it.
_DNS_SUFFIX = "dns-suffix"

PIXI_PAGE = "pixi's documentation, page S3"


@dataclass(frozen=True, kw_only=True)
class Provider:
    """One store. `endpoint` is a template; its `{names}` are keys of the stack config, `[…]` is left out when unset."""

    name: str
    title: str
    backend: Backend
    endpoint: str | None
    """None: the store has no endpoint of its own, `endpoint-url` must be given."""
    region: str | None
    """The region that requests are signed with when none is given; None: it must be given."""
    addressing: Addressing
    public: PublicAccess
    """How objects become readable by everybody: by a bucket policy, or only by a person in the store's console."""
    public_note: str | None = None
    """For `by-hand`: what that person does."""
    source: str

    @property
    def variables(self) -> tuple[str, ...]:
        """The names that the endpoint template needs or takes, in order, `region` among them."""
        return _names(self.endpoint or "")

    @property
    def needed(self) -> tuple[str, ...]:
        """The names without which there is no endpoint."""
        return _names(re.sub(r"\[[^]]*\]", "", self.endpoint or ""))

    def endpoint_url(self, values: dict[str, str]) -> str | None:
        """The endpoint with `values` put in, or None where a needed one is missing."""
        if self.endpoint is None or any(name not in values for name in self.needed):
            return None
        values = {_DNS_SUFFIX: dns_suffix(values.get("region", "")), **values}

        def fill(template: str) -> str:
            return re.sub(r"{([a-z-]+)}", lambda match: values[match[1]], template)

        def optional(match: re.Match[str]) -> str:
            names = re.findall(r"{([a-z-]+)}", match[1])
            return fill(match[1]) if all(name in values for name in names) else ""

        return fill(re.sub(r"\[([^]]*)\]", optional, self.endpoint))


def _names(template: str) -> tuple[str, ...]:
    return tuple(name for name in re.findall(r"{([a-z-]+)}", template) if name != _DNS_SUFFIX)


_ROWS = (
    Provider(
        name="aws",
        title="Amazon S3",
        backend="aws",
        endpoint="https://s3.{region}.{dns-suffix}",
        region=None,
        addressing="virtual-host",
        public="bucket-policy",
        source=f"{PIXI_PAGE}; AWS General Reference, Amazon S3 endpoints",
    ),
    Provider(
        name="minio",
        title="MinIO",
        backend="s3",
        endpoint=None,
        region="us-east-1",
        addressing="path",
        public="bucket-policy",
        source=f"{PIXI_PAGE}; policies and addressing tested on a server of our own",
    ),
    Provider(
        name="r2",
        title="Cloudflare R2",
        backend="s3",
        endpoint="https://{account-id}[.{jurisdiction}].r2.cloudflarestorage.com",
        region="WEUR",
        addressing="virtual-host",
        public="by-hand",
        public_note="in the Cloudflare dashboard give the bucket a public r2.dev URL or a domain of your own",
        source=f"{PIXI_PAGE}; Cloudflare R2 docs, S3 API compatibility (the region there is `auto`: set `region`)",
    ),
    Provider(
        name="wasabi",
        title="Wasabi",
        backend="s3",
        endpoint="https://s3.{region}.wasabisys.com",
        region=None,
        addressing="virtual-host",
        public="bucket-policy",
        source=f"{PIXI_PAGE}; Wasabi docs, service URLs for storage regions",
    ),
    Provider(
        name="b2",
        title="Backblaze B2",
        backend="s3",
        endpoint="https://s3.{region}.backblazeb2.com",
        region=None,
        addressing="path",
        public="by-hand",
        public_note="in the Backblaze console set the bucket's files to public",
        source=f"{PIXI_PAGE}; Backblaze docs, S3-compatible API (no bucket policies)",
    ),
    Provider(
        name="gcs",
        title="Google Cloud Storage",
        backend="s3",
        endpoint="https://storage.googleapis.com",
        region="us-east-1",
        addressing="virtual-host",
        public="by-hand",
        public_note="give allUsers the role Storage Object Viewer on the bucket",
        source=f"{PIXI_PAGE}; Google Cloud Storage docs, XML API (no bucket policies)",
    ),
    Provider(
        name="hetzner",
        title="Hetzner Object Storage",
        backend="s3",
        endpoint="https://{location}.your-objectstorage.com",
        region="US",
        addressing="virtual-host",
        public="bucket-policy",
        source=f"{PIXI_PAGE}; Hetzner docs, Object Storage, supported actions",
    ),
    Provider(
        name="custom",
        title="Any other S3-compatible store",
        backend="s3",
        endpoint=None,
        region="us-east-1",
        addressing="path",
        public="bucket-policy",
        source="the most common case; set `region` and `force-path-style` as the store says",
    ),
)

PROVIDERS: dict[str, Provider] = {row.name: row for row in _ROWS}
