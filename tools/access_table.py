"""Who may do what to a channel and to what lies beside it in the bucket: the table that the docs print and the tests
are made from. What it says of a principal holds for the documents in `policies`, `rights` and `bucket_policy`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal["own", "neighbour"]
PLACES: dict[Place, str] = {"own": "the channel's own prefix", "neighbour": "another prefix of the bucket"}


@dataclass(frozen=True)
class Cell:
    """What a principal may do: `aws_only` where no server that the tests run against can judge it."""

    allowed: bool
    aws_only: bool = False


PRINCIPALS = {
    "anonymous": "Anybody; the channel is private",
    "anonymous-public": "Anybody; the channel is public",
    "member": "A principal of the organization; its visibility is organization",
    "stranger": "A principal of the account without rights of its own",
    "reader": "A reader",
    "publisher": "A publisher",
    "maintainer": "A maintainer",
    "cdn": "The distribution of `cdn`, for everybody",
}

ACTIONS = {
    "get": "get a file",
    "list": "list",
    "put-package": "put a new package",
    "overwrite-package": "overwrite a package",
    "overwrite-guarded": "overwrite a package where `aws.no-overwrite` is set",
    "multipart": "put a large package in parts, or give it up",
    "put-index": "put an index file",
    "delete-package": "delete a package",
    "put-yanked": "put yanked.json",
    "put-internal": "put a file under .chaninfra/",
    "put-descriptor": "put channel.json",
    "delete-descriptor": "delete channel.json",
    "refresh-cdn": "have the CDN fetch files anew",
}

_READ = frozenset({"get", "list"})
_ADD = frozenset({"put-package", "overwrite-package", "multipart", "put-index"})
_KEEP = frozenset({"delete-package", "put-yanked", "put-internal"})
# Everybody who reads lists the whole bucket: a GET has no prefix, and without the right to list a missing file is 403.
_BESIDE = frozenset({"list"})
# A distribution is the bucket's, so who may refresh it may do so for all that it serves; no file changes by that.
_REFRESH = frozenset({"refresh-cdn"})

_MAY: Mapping[str, Mapping[Place, frozenset[str]]] = {
    "anonymous": {},
    "anonymous-public": {"own": _READ, "neighbour": _BESIDE},
    "member": {"own": _READ, "neighbour": _BESIDE},
    "stranger": {},
    "reader": {"own": _READ, "neighbour": _BESIDE},
    "publisher": {"own": _READ | _ADD | _REFRESH, "neighbour": _BESIDE | _REFRESH},
    "maintainer": {"own": _READ | _ADD | _KEEP | _REFRESH, "neighbour": _BESIDE | _REFRESH},
    "cdn": {"own": _READ, "neighbour": _BESIDE},
}

# Conditions that the test servers refuse, or do not know the value of: aws:PrincipalOrgID for the member, aws:SourceArn
# for a distribution, and s3:if-none-match with s3:ObjectCreationOperation for the guard, which matters to those who may
# put at all. CloudFront itself is none of theirs.
_JUDGED_BY_AWS = frozenset(
    {(principal, place, action) for principal in ("member", "cdn") for place in PLACES for action in ACTIONS}
    | {(principal, place, "refresh-cdn") for principal in PRINCIPALS for place in PLACES}
    | {(principal, "own", "overwrite-guarded") for principal in ("publisher", "maintainer")}
)

TABLE: dict[tuple[str, Place, str], Cell] = {
    (principal, place, action): Cell(
        action in _MAY[principal].get(place, frozenset()), (principal, place, action) in _JUDGED_BY_AWS
    )
    for principal in PRINCIPALS
    for place in PLACES
    for action in ACTIONS
}
"""(principal, place, action) → what the principal may."""


def markdown() -> str:
    """The table in Markdown, actions down and principals across: `no`, `yes` (in the whole bucket) or `own prefix`."""
    head = ["", *PRINCIPALS.values()]
    rows = [[text, *(_cell(principal, action) for principal in PRINCIPALS)] for action, text in ACTIONS.items()]
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _cell(principal: str, action: str) -> str:
    cells = {place: TABLE[principal, place, action] for place in PLACES}
    allowed = [place for place, cell in cells.items() if cell.allowed]
    text = "yes" if len(allowed) == len(PLACES) else "own prefix" if allowed == ["own"] else "no"
    return text + (" (AWS only)" if any(cell.aws_only for cell in cells.values()) else "")
