"""Where the files of an index are: what `base_url` (CEP 15) and `shards_base_url` (CEP 16) say, which is input."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from chaninfra.channel.conda.index_files import SHARDS
from chaninfra.channel.conda.name_rules import unusable_key
from chaninfra.channel.conda.object_names import SNAPSHOTS_FOLDER

OPTION = "--allow-origin"
"""The option with which a user names other places that an index may refer to."""
HERE = f"./{SHARDS}/"
"""Where the shards are if the index does not say it."""


def base_url_in(info: object) -> str | None:
    """The `base_url` in the `info` of an index; None: the packages are beside it."""
    found = info.get("base_url") if isinstance(info, dict) else None
    return found if isinstance(found, str) and found not in ("", ".", "./") else None


def beside(base_url: str | None, file: str) -> str:
    """The reference, relative to the index, of a file at the `base_url` of an index."""
    if not base_url:
        return file
    return f"{base_url}{file}" if base_url.endswith("/") else f"{base_url}/{file}"


def path_of(folder: str, reference: str, bucket: str | None = None) -> str | None:
    """The path from the root of the bucket, or of a folder on disk, that a reference in an index means. The index is in
    `folder`, a path from the same root. None: it is not below this root, or a URL of something else.

    `bucket` is the name of the bucket, in which a reference may be absolute: `/path` or `s3://BUCKET/path`.
    """
    try:
        parts = urlsplit(reference)
    except ValueError:
        return None
    if parts.query or parts.fragment or "?" in reference or "#" in reference or "\\" in reference:
        return None
    is_here = not parts.scheme and not parts.netloc
    if not is_here and (bucket is None or (parts.scheme, parts.netloc) != ("s3", bucket)):
        return None
    path = unquote(parts.path)
    absolute = path.startswith("/")
    if absolute and bucket is None:
        return None
    found = [] if absolute or not is_here or not folder else folder.split("/")
    for part in path.removeprefix("/").split("/"):
        if part == "..":
            if not found:
                return None
            found.pop()
        elif part != ".":
            found.append(part)
    whole = "/".join(found)
    return None if unusable_key(whole) else whole


def is_below(key: str, prefix: str) -> bool:
    """Whether an object key is below the prefix; "" is the whole bucket."""
    return not prefix or key.startswith(f"{prefix}/")


def channel_of(prefix: str) -> str | None:
    """The prefix of the channel that has its snapshot at this one; None: none is kept there."""
    folder, _, name = prefix.rpartition("/")
    above, _, last = folder.rpartition("/")
    return above if name and last == SNAPSHOTS_FOLDER else None
