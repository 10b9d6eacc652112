"""Mirrors: channels of others whose packages a channel gets. The stack config sets them, channel.json passes them to
`chaninfra copy --mirror` and to followers.

No secret is in them: whoever runs a mirror has the credentials for its source.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct

from chaninfra.channel import patterns
from chaninfra.channel.conda.index_settings import IndexSettings, seconds_in
from chaninfra.channel.conda.retention import RuleName, Spec, ms_in
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError

MAX_MIRRORS = 50

_BYTES = {"kB": 10**3, "MB": 10**6, "GB": 10**9}


def bytes_in(rate: str) -> int:
    """The bytes of a text as `patterns.RATE` has them: `20MB`."""
    return int(rate[:-2]) * _BYTES[rate[-2:]]


# In channel.json only what is set.
@prepared
class Mirror(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    """A channel of others whose packages are copied into this one."""

    source: Annotated[
        str,
        Meta(
            description="The channel that is mirrored: `s3://BUCKET/CHANNEL` or `https://HOST/CHANNEL`, without user, "
            "password or token. Whoever runs the mirror has these.",
            pattern=patterns.MIRROR_SOURCE,
            examples=["https://conda.anaconda.org/conda-forge", "s3://their-bucket/stable"],
        ),
    ]
    specs: Annotated[
        tuple[Spec, ...],
        Meta(
            description="The packages that are copied: match specs, names, or names of files, as `chaninfra copy` "
            "takes them. Without `specs` and `locks` all are.",
            examples=[["numpy >=2", "python 3.13.*"]],
        ),
    ] = ()
    locks: Annotated[
        tuple[Annotated[str, Meta(pattern=patterns.LOCK_FILE)], ...],
        Meta(
            description="Lock files whose packages are copied too: a pixi.lock, a conda-lock.yml, or what `conda list "
            "--explicit` prints; by paths from the folder in which the mirror is run.",
            examples=[["pixi.lock"]],
        ),
    ] = ()
    exclude: Annotated[
        tuple[Spec, ...],
        Meta(description="Packages that are not copied: specs as in `specs`.", examples=[["pytorch[build=*cuda*]"]]),
    ] = ()
    older_than: Annotated[
        Annotated[str, Meta(pattern=patterns.DAYS)] | None,
        Meta(
            description="Only packages that have been in the source for longer than this: 1d to 3650d. Malicious "
            "packages are mostly found in the first days.",
            examples=["7d"],
        ),
    ] = None
    newest: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | None,
        Meta(
            description="Only so many of the newest versions of each name in each subdir, with all their builds. What "
            "was copied before stays.",
            examples=[5],
        ),
    ] = None
    subdirs: Annotated[
        tuple[Subdir, ...] | None,
        Meta(
            description="Only these subdirs. Default: those that both channels have.",
            examples=[["noarch", "linux-64"]],
        ),
    ] = None
    prune: Annotated[
        bool,
        Meta(
            description="Whether what the mirror has copied is yanked when it has left the source, and comes back "
            "with it. For maintainers: a publisher cannot yank."
        ),
    ] = False
    every: Annotated[
        Annotated[str, Meta(pattern=patterns.HOURS_OR_DAYS)] | None,
        Meta(
            description="How often `chaninfra follow` runs the mirror, from 1 hour to 30 days. Default: never; then "
            "only `chaninfra copy --mirror` does.",
            examples=["6h"],
        ),
    ] = None
    rate: Annotated[
        Annotated[str, Meta(pattern=patterns.RATE)] | None,
        Meta(description="Most bytes that are read of the source in a second. Default: no limit.", examples=["20MB"]),
    ] = None
    at_once: Annotated[
        Annotated[int, Meta(ge=1, le=64)] | None,
        Meta(description="Most connections to the source at the same time.", examples=[4]),
    ] = None

    @property
    def older_than_ms(self) -> int | None:
        """The age in ms that a package must have; None: any."""
        return None if self.older_than is None else ms_in(self.older_than)

    @property
    def every_s(self) -> int | None:
        """The seconds from one run of a follower to the next; None: followers do not run it."""
        return None if self.every is None else seconds_in(self.every)

    @property
    def bytes_per_second(self) -> int | None:
        """Most bytes a second; None: no limit."""
        return None if self.rate is None else bytes_in(self.rate)


MIRRORS = Meta(
    description="Channels of others whose packages this channel gets: a name of your choice → a mirror. `chaninfra "
    "copy --mirror NAME` or `chaninfra follow` copies them. channel.json has them, so whoever may read the channel "
    "sees the URLs.",
    examples=[
        {"forge": {"source": "https://conda.anaconda.org/conda-forge", "specs": ["numpy >=2"], "older-than": "7d"}},
        {"upstream": {"source": "s3://their-bucket/stable", "prune": True, "every": "6h"}},
    ],
)
MirrorName = RuleName
Mirrors = Mapping[str, Mirror]


def check_mirrors(mirrors: Mirrors, index: IndexSettings, url: str, where: str) -> None:
    """Raise ConfigurationError for mirrors that cannot be run. `index` and `url` are those of the channel itself,
    `where` names the document that has them.
    """
    if mirrors and index.only_a_follower_commits:
        raise ConfigurationError(
            "the index has one writer, its follower, which makes each record from its package and knows nothing of a "
            "source",
            where=where,
            key=("mirrors",),
            remedy="remove `mirrors`; or set `index.writers` to many, if the store has conditional writes",
        )
    if len(mirrors) > MAX_MIRRORS:
        raise ConfigurationError(
            f"{len(mirrors):,} mirrors are too many", where=where, key=("mirrors",), remedy=f"at most {MAX_MIRRORS}"
        )
    for name, mirror in mirrors.items():
        if mirror.source.rstrip("/") == url:
            raise ConfigurationError(
                "the source is the channel itself",
                where=where,
                key=("mirrors", name, "source"),
                remedy="name the channel whose packages it is to get",
            )
