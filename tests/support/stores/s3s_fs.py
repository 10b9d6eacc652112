"""s3s-fs, a server on plain files that comes with a Rust library: it checks a condition, and only then writes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from support.servers.s3_servers import Server, free_port, new_server, program, running
from support.stores.model import AsFound, Store


@contextmanager
def start(folder: Path) -> Iterator[Server]:
    """s3s-fs on plain files in `folder`: `folder/data/<bucket>/<key>`."""
    port = free_port()
    server = new_server("s3s-fs", port)
    data = folder / "data"
    data.mkdir(parents=True)
    # It takes its keys as arguments only. Others on this machine can read them while it runs: they are keys of this
    # session, for a server that ends with it and has nothing but what tests write.
    keys = ["--access-key", server.access_key_id, "--secret-key", server.secret_access_key]
    argv = [str(program("s3s-fs")), "--host", "127.0.0.1", "--port", str(port), *keys, str(data)]
    with running(server, argv, {}, folder):
        yield server


_NO = ("bucket-policy", "acl", "public-access-block", "cors", "lifecycle-versions", "lifecycle-uploads", "versioning")
_NO += ("encryption", "tags", "notifications")
_RACED = ("conditional-create", "conditional-replace", "conditional-multipart")

S3S_FS = Store(
    name="s3s-fs",
    provider="custom",
    start=start,
    conditional=False,
    public=False,
    lists_etags=False,
    as_found={
        **dict.fromkeys(_NO, AsFound("no", "it does not have the call")),
        **dict.fromkeys(_RACED, AsFound("no", "honoured one after the other; of writes at once it does several")),
        "conditional-copy": AsFound("no", "the header is ignored, and the object is overwritten"),
        "conditional-versioned": AsFound("no", "it keeps no versions"),
        "conditional-recreate": AsFound("no", "it keeps no versions"),
        "digest": AsFound("checksum", "it takes both, and the row has what every store takes"),
        "public": AsFound("nothing", "it lets nobody read without a key"),
        "public-url": AsFound(None, "it lets nobody read without a key"),
    },
)
"""Run as a person runs a store that has no row of its own."""
