"""Programs that copy all packages of a channel into another: `ours`, by Transfer, and `obstore` alone, which reads and
puts objects and knows nothing of packages.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import Any

AT_ONCE = 8
PREFIX = "c"


def main() -> None:
    """Arguments: which, and a JSON object with `source` and `target`: bucket, endpoint, key id, secret. Prints the
    seconds of the copying, and how often it went which way.
    """
    which, given = sys.argv[1], json.loads(sys.argv[2])
    seconds, ways = (_ours if which == "ours" else _obstore)(given["source"], given["target"])
    print(json.dumps({"seconds": seconds, "ways": ways}))


def _ours(source: list[str], target: list[str]) -> tuple[float, dict[str, int]]:
    from msgspec import structs

    from chaninfra.channel.location import Location
    from chaninfra.channel.outputs.descriptor import parse
    from chaninfra.channel.s3.credentials import Credentials
    from chaninfra.channel.s3.object_store import S3Store
    from chaninfra.index.channel import Channel
    from chaninfra.index.copy.brought import Brought
    from chaninfra.index.copy.memory import share_what_is_freed
    from chaninfra.index.copy.source import SourcePackage
    from chaninfra.index.copy.sources.s3 import s3_source
    from chaninfra.index.copy.transfer import Transfer

    def place(bucket: str, endpoint: str, *keys: str) -> tuple[Location, Credentials]:
        where = Location(bucket=bucket, endpoint_url=endpoint, region="us-east-1", force_path_style=True)
        return where, Credentials(*keys)

    # As the command does before it starts a thread.
    share_what_is_freed()
    where, keys = place(*source)
    read = s3_source(where, PREFIX, keys)
    where, keys = place(*target)
    stored = S3Store(where, keys).get(f"{PREFIX}/channel.json")
    assert stored is not None
    # A proxy may be between.
    described = structs.replace(parse(stored.data, where=""), endpoint_url=target[1])
    transfer = Transfer(read, Channel(descriptor=described, credentials=keys))
    packages = list(read.packages("noarch"))

    def bring(package: SourcePackage) -> Brought:
        return transfer.bring(package, lambda _: None)

    start = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        ways = Counter(each.way for each in pool.map(bring, packages))
    return time.perf_counter() - start, dict(ways)


def _obstore(source: list[str], target: list[str]) -> tuple[float, dict[str, int]]:
    import obstore
    from obstore.store import S3Store

    def opened(bucket: str, endpoint: str, key_id: str, secret: str) -> Any:
        return S3Store(
            bucket,
            endpoint=endpoint,
            region="us-east-1",
            access_key_id=key_id,
            secret_access_key=secret,
            client_options={"allow_http": True},
        )

    read, written = opened(*source), opened(*target)
    keys = [each["path"] for page in obstore.list(read, f"{PREFIX}/noarch") for each in page]

    def copy(key: str) -> None:
        data = obstore.get(read, key).bytes()
        obstore.put(written, key, data, mode="create", use_multipart=False)

    packages = [key for key in keys if key.endswith(".conda")]
    start = time.perf_counter()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        copied = len(list(pool.map(copy, packages)))
    return time.perf_counter() - start, {"copied": copied}


if __name__ == "__main__":
    main()
