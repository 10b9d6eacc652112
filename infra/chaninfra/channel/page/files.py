"""The files of the page, as they are built from `page/` and committed in `built/`.

`index.html` is small, and clients ask for it again after five minutes. What it loads has a hash in its name and never
changes, so a new page needs no invalidation.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.resources import files
from pathlib import PurePosixPath

from chaninfra.channel.conda.index_files import IMMUTABLE
from chaninfra.channel.conda.object_names import ASSETS_FOLDER, INDEX_HTML
from chaninfra.channel.objects import ObjectBody

CACHE_CONTROL = "max-age=300"
"""The Cache-Control header of `index.html`: five minutes."""

GENERATOR = b'<meta name="generator" content="chaninfra page">'
"""What tells our `index.html` from that of somebody else."""

_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}


@dataclass(frozen=True)
class PageFile:
    """A file of the page; `name` is relative to the channel: `assets/page-0123456789abcdef.js`."""

    name: str
    body: ObjectBody


def page_files() -> tuple[PageFile, ...]:
    """The files, `index.html` last: it must not be there before what it loads."""
    built = files(__package__) / "built"
    assets = sorted(each.name for each in (built / ASSETS_FOLDER).iterdir())
    names = [*(f"{ASSETS_FOLDER}/{name}" for name in assets), INDEX_HTML]
    return tuple(PageFile(name, _body(name, (built / name).read_bytes())) for name in names)


def content_security_policy() -> str:
    """The policy of the page, which its `index.html` has in a `<meta>`."""
    html = (files(__package__) / "built" / INDEX_HTML).read_text("utf-8")
    found = re.findall(r"""<meta http-equiv="Content-Security-Policy" content="([^"&\n]+)">""", html)
    (policy,) = found
    return str(policy)


def is_ours(index_html: bytes) -> bool:
    """Whether these bytes of an `index.html` are a page of chaninfra, of any version."""
    return GENERATOR in index_html


def has_type(name: str, content_type: str) -> bool:
    """Whether a browser shows or runs a file of this name if a store serves it with this Content-Type."""
    # Without parameters, which some stores write in another way.
    return _media_type(content_type) == _media_type(_TYPES[PurePosixPath(name).suffix])


def _media_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _body(name: str, data: bytes) -> ObjectBody:
    kept = CACHE_CONTROL if name == INDEX_HTML else IMMUTABLE
    return ObjectBody(data=data, content_type=_TYPES[PurePosixPath(name).suffix], cache_control=kept)
