"""The access table: what each kind of principal may do in its channel and elsewhere in the bucket.

The documentation prints it, and tests compare it with the policies of `chaninfra.channel.policy`, on real servers where
these can judge a policy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["own", "neighbour", "source"]
PLACES: dict[Place, str] = {"own": "the channel's own prefix", "neighbour": "another prefix of the bucket"}
"""Place → its meaning. Beside these, a promoter has the place `source`: a channel of its `from`, in another bucket."""


@dataclass(frozen=True)
class Cell:
    """Whether a principal may do an action."""

    allowed: bool
    aws_only: bool = False
    """Whether none of the servers in the tests supports a condition that decides it."""


PRINCIPALS = {
    "anonymous": "Everybody, private channel",
    "anonymous-public": "Everybody, public channel",
    "member": "A principal of the organization, visibility `organization`",
    "stranger": "A principal of the account without permissions of its own",
    "reader": "A reader",
    "publisher": "A publisher",
    "maintainer": "A maintainer",
    "promoter": "A promoter",
    "cdn": "The CloudFront distribution (`cdn`)",
    "follower": "What follows the channel (`index.follow`)",
}

ACTIONS = {
    "get": "get a file",
    "list": "list files",
    "put-package": "put a new package",
    "overwrite-package": "overwrite a package",
    "overwrite-guarded": "overwrite a package if `aws.no-overwrite` is set",
    "multipart": "upload a large package in parts, or abort the upload",
    "put-sidecar": "put the attestations of a package (`.sigs`), or replace them by more",
    "put-index": "put an index file",
    "delete-package": "delete a package",
    "delete-shard": "delete a shard that no index names",
    "delete-index": "delete the authoritative index",
    "get-version": "get an old version of a file by its id",
    "delete-version": "delete an old version for good",
    "put-yanked": "put yanked.json",
    "put-withdrawn": "put withdrawn.json",
    "put-notices": "put notices.json",
    "put-history": "put a file under .chaninfra/history/",
    "delete-history": "delete a file under .chaninfra/history/",
    "put-snapshot": "put a file under snapshots/",
    "delete-snapshot": "delete a file under snapshots/",
    "put-patches": "put the patches of records (`.chaninfra/patches/`)",
    "put-internal": "put another file under .chaninfra/",
    "put-descriptor": "put channel.json",
    "delete-descriptor": "delete channel.json",
    "put-page": "put index.html, the page of the channel",
    "put-asset": "put a file that the page loads (`assets/`)",
    "delete-page": "delete index.html",
    "refresh-cdn": "invalidate files on the CDN",
}

_READ = frozenset({"get", "list"})
_ADD = frozenset({"put-package", "overwrite-package", "multipart", "put-sidecar", "put-index", "put-history"})
_KEEP = frozenset(
    {
        *("delete-package", "delete-shard", "delete-index", "put-yanked", "put-withdrawn", "delete-history"),
        *("put-snapshot", "delete-snapshot", "put-patches", "put-internal", "put-notices"),
    }
)
_FOLLOW = frozenset(
    {
        *("put-sidecar", "put-index", "put-history", "delete-shard", "put-yanked", "delete-history"),
        *("put-patches", "put-internal"),
    }
)
# All readers may list the whole bucket: a GET has no prefix for a condition to check, and without the permission to
# list, a missing file is 403 instead of 404.
_ELSEWHERE = frozenset({"list"})
# One distribution serves the whole bucket, so whoever may invalidate files may do so for all of them. No file changes.
_REFRESH = frozenset({"refresh-cdn"})

_MAY: Mapping[str, Mapping[Place, frozenset[str]]] = {
    "anonymous": {},
    "anonymous-public": {"own": _READ, "neighbour": _ELSEWHERE},
    "member": {"own": _READ, "neighbour": _ELSEWHERE},
    "stranger": {},
    "reader": {"own": _READ, "neighbour": _ELSEWHERE},
    "publisher": {"own": _READ | _ADD | _REFRESH, "neighbour": _ELSEWHERE | _REFRESH},
    "maintainer": {"own": _READ | _ADD | _KEEP | _REFRESH, "neighbour": _ELSEWHERE | _REFRESH},
    "promoter": {
        "own": _READ | _ADD | _REFRESH | {"put-patches"},
        "neighbour": _ELSEWHERE | _REFRESH,
        "source": _READ,
    },
    "cdn": {"own": _READ, "neighbour": _ELSEWHERE},
    "follower": {"own": _READ | _FOLLOW | _REFRESH, "neighbour": _ELSEWHERE | _REFRESH},
}

# The test servers refuse these conditions or have no value for them: aws:PrincipalOrgID of members, aws:SourceArn of
# distributions, and the keys s3:if-none-match and s3:ObjectCreationOperation of `aws.no-overwrite`, which matter for
# principals that may put files. They have no CloudFront API either.
_JUDGED_BY_AWS = frozenset(
    {(principal, place, action) for principal in ("member", "cdn") for place in PLACES for action in ACTIONS}
    | {(principal, place, "refresh-cdn") for principal in PRINCIPALS for place in (*PLACES, "source")}
    | {(principal, "own", "overwrite-guarded") for principal in ("publisher", "maintainer", "promoter")}
)

TABLE: dict[tuple[str, Place, str], Cell] = {
    (principal, place, action): Cell(
        action in _MAY[principal].get(place, frozenset()), (principal, place, action) in _JUDGED_BY_AWS
    )
    for principal in PRINCIPALS
    for place in (*PLACES, *(("source",) if principal == "promoter" else ()))
    for action in ACTIONS
}
"""(principal, place, action) → whether it is allowed."""


def markdown() -> str:
    """The table in Markdown, a row per action. Cells are `no`, `own prefix` or `yes` (in the whole bucket); `sources`
    is added if it holds in the channels that a promoter promotes from."""
    head = ["", *PRINCIPALS.values()]
    rows = [[text, *(_cell(principal, action) for principal in PRINCIPALS)] for action, text in ACTIONS.items()]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(principal: str, action: str) -> str:
    cells = {place: TABLE[principal, place, action] for place in PLACES}
    allowed = [place for place, cell in cells.items() if cell.allowed]
    text = "yes" if len(allowed) == len(PLACES) else "own prefix" if allowed == ["own"] else "no"
    text += ", sources" if is_in_sources(principal, action) else ""
    return text + (" (AWS only)" if any(cell.aws_only for cell in cells.values()) else "")


def is_in_sources(principal: str, action: str) -> bool:
    """Whether the principal may do this in the channels that it promotes from."""
    cell = TABLE.get((principal, "source", action))
    return cell is not None and cell.allowed
