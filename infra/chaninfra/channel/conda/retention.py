"""Retention rules: which packages a channel keeps. The stack config sets them, channel.json passes them to `prune`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from msgspec import Meta, Struct

from chaninfra.channel import patterns
from chaninfra.channel.conda.structs import prepared
from chaninfra.channel.conda.subdirs import Subdir
from chaninfra.channel.errors import ConfigurationError

Per = Literal["name", "version"]
Spec = Annotated[str, Meta(pattern=patterns.SPEC)]
RuleName = Annotated[str, Meta(pattern=patterns.NAME)]
MAX_RULES = 100

DAY_MS = 86_400_000


# In channel.json only what is set.
@prepared
class RetentionRule(Struct, frozen=True, kw_only=True, rename="kebab", forbid_unknown_fields=True, omit_defaults=True):
    """Which packages go. At least one of `keep-newest` and `older-than` must be set; with both, a package goes only if
    both say so."""

    match: Annotated[
        Spec | None,
        Meta(
            description="The packages that the rule is about: a match spec, a name, or the name of a file, as "
            "`chaninfra yank` takes them. Default: all.",
            examples=["my-package", "my-package >=2.0.dev0", "my-package[build=debug_*]"],
        ),
    ] = None
    subdir: Annotated[
        Subdir | None, Meta(description="Only packages of this subdir. Default: of all.", examples=["linux-64"])
    ] = None
    keep_newest: Annotated[
        Annotated[int, Meta(ge=1, le=1_000_000)] | None,
        Meta(
            description="How many are kept of each name, or of each version (`per`), in each subdir. Those that are "
            "yanked by hand, and those of `never`, do not count.",
            examples=[30],
        ),
    ] = None
    per: Annotated[
        Per,
        Meta(
            description="What `keep-newest` counts. `name`: the newest versions of each name, with all their builds. "
            "`version`: the newest builds of each version, by build number, then by when they were built; builds for "
            "several Pythons count each.",
        ),
    ] = "name"
    older_than: Annotated[
        Annotated[str, Meta(pattern=patterns.DAYS)] | None,
        Meta(
            description="Only packages that have been in the channel for longer than this: 1d to 3650d.",
            examples=["30d"],
        ),
    ] = None
    never: Annotated[
        tuple[Spec, ...],
        Meta(
            description="Packages that never go, by no rule: specs as in `match`.",
            examples=[["my-package ==2.0.dev7", "my-package[build_number=100]"]],
        ),
    ] = ()
    grace: Annotated[
        str,
        Meta(
            description="How long the file of a package stays after it was yanked: 1d to 3650d.", pattern=patterns.DAYS
        ),
    ] = "14d"

    @property
    def grace_ms(self) -> int:
        """The grace period in ms."""
        return ms_in(self.grace)

    @property
    def older_than_ms(self) -> int | None:
        """The age in ms that a package must have; None: any."""
        return None if self.older_than is None else ms_in(self.older_than)


RETENTION = Meta(
    description="Which packages the channel keeps: a name of your choice → a rule. `chaninfra prune` yanks what goes "
    "by a rule, and deletes it after a grace period; nothing else does.",
    examples=[
        {"nightlies": {"match": "my-package >=2.0.dev0", "keep-newest": 30}},
        {"old": {"older-than": "365d", "never": ["my-package"]}},
    ],
)
Rules = Mapping[str, RetentionRule]


def ms_in(text: str) -> int:
    """The ms in a time that matches `patterns.DAYS`: `7d`."""
    return int(text[:-1]) * DAY_MS


def check_rules(rules: Rules, where: str) -> None:
    """Raise ConfigurationError for rules that say nothing. `where` names the document that has them."""
    if len(rules) > MAX_RULES:
        raise ConfigurationError(
            f"{len(rules):,} rules are too many", where=where, key=("retention",), remedy=f"at most {MAX_RULES}"
        )
    for name, rule in rules.items():
        if rule.keep_newest is None and rule.older_than is None:
            raise ConfigurationError(
                "the rule does not say which packages go",
                where=where,
                key=("retention", name),
                remedy="set `keep-newest` or `older-than`; or remove the rule, and yank by hand all that it matches",
            )
        if rule.keep_newest is None and rule.per != "name":
            raise ConfigurationError(
                "`per` says what `keep-newest` counts, which is not set",
                where=where,
                key=("retention", name, "per"),
                remedy="set `keep-newest`, or remove `per`",
            )
