"""What to say of a file that is not the archive that its name promises, in the words of the people who made it."""

from __future__ import annotations

from chaninfra.channel.conda.filenames import Suffix
from chaninfra.index.package.index_json import PackageError

_KINDS: tuple[tuple[bytes, Suffix], ...] = ((b"PK\x03\x04", ".conda"), (b"BZh", ".tar.bz2"))
"""How the files of each kind begin: a zip, and bzip2."""


class BrokenFileError(PackageError):
    """The file is truncated, damaged or of another kind."""


def broken(first: bytes, suffix: Suffix, *, at_end: bool, why: str) -> BrokenFileError:
    """The error for a file of this name that begins with these bytes. `at_end`: its end is missing; `why`: what the
    reader of the archive says.
    """
    kind = next((kind for begin, kind in _KINDS if first.startswith(begin)), None)
    if not first:
        text = "it is empty"
    elif kind is None:
        page = ", but begins like a web page" if first.lstrip()[:1] == b"<" else ""
        text = f"it is no {suffix}{page}"
    elif kind != suffix:
        text = f"it is a {kind} with the name of a {suffix}"
    elif at_end:
        text = "it is truncated, its end is missing"
    else:
        text = f"it is damaged ({why})"
    return BrokenFileError(f"is not a conda package: {text}")
