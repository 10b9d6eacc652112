"""Which names, versions and build strings a package may have (CEP 26), and which file names clients cannot read.

`publish` holds packages to CEP 26. A re-index takes what it finds in the bucket, as rattler's indexer does, except for
what no client can read.
"""

from __future__ import annotations

import re

_MAX = 64
_NAME = re.compile(r"(?=.)_?(?:[a-z0-9]+[._-])*[a-z0-9]*")
_VERSION = re.compile(r"[a-z0-9._+!]+")
_BUILD = re.compile(r"[A-Za-z0-9._+]+")

# What a URL path holds as it is (RFC 3986, pchar), without the percent sign, which starts an escape there; the colon,
# which can make a file name an absolute URL; and the apostrophe. rattler's clients ask an S3 store for the escaped name
# of a file with other characters, and the store has no such object.
_UNREADABLE = re.compile(r"[^A-Za-z0-9._~!$&()*+,;=@-]")

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")

# rattler does not read a repodata.json at all in which one file name is written with a JSON escape, or has fewer than
# two dashes.
_BREAKS_INDEX = re.compile(r'["\\\x00-\x1f]|\A[^-]*(?:-[^-]*)?\Z')


def broken_rule(name: str, version: str, build: str) -> str | None:
    """What CEP 26 does not allow in them, as a sentence; None if all of it is allowed."""
    if not _NAME.fullmatch(name) or len(name) > _MAX:
        if _NAME.fullmatch(name.lower()) and name != name.lower():
            return f"the package name {name} has upper-case letters, and clients look for {client_name(name)}"
        return f"CEP 26 does not allow the package name {name}: up to 64 of a-z, 0-9, and one of . _ - between them"
    if not _VERSION.fullmatch(version) or len(version) > _MAX:
        return f"CEP 26 does not allow the version {version}: 1 to 64 of a-z, 0-9, . _ + !"
    if not _BUILD.fullmatch(build) or len(build) > _MAX:
        return f"CEP 26 does not allow the build string {build}: 1 to 64 of a-z, A-Z, 0-9, . _ +"
    return None


def unreadable(file: str) -> str | None:
    """Why clients cannot read a package with this file name, completing "the package …"; None if they can."""
    if found := sorted({*_UNREADABLE.findall(file)}):
        characters = ", ".join("a space" if char == " " else char for char in found)
        return f"has a file name that clients cannot read, because of: {characters}"
    if breaks_index(file):
        return "has a file name that clients cannot read: it is not NAME-VERSION-BUILD"
    return None


def unusable_key(name: str) -> str | None:
    """Why no client can ask for the object of this name below a subdir, which may be a path, completing "the object …";
    None if one can.
    """
    if _CONTROL.search(name):
        return "has a key with control characters, which no client can ask for"
    if any(part in ("", ".", "..") for part in name.split("/")):
        return "has a key with an empty part or one of dots, which no client asks for"
    return None


def breaks_index(file: str) -> bool:
    """Whether an index that lists this file is not readable, with all packages in it."""
    return _BREAKS_INDEX.search(file) is not None


def client_name(name: str) -> str:
    """The package name as clients look it up, which is the key of its shard: lower-case.

    Only ASCII letters have a lower-case form here: a name with others is none that clients can ask for.
    """
    return name.lower() if name.isascii() else name
