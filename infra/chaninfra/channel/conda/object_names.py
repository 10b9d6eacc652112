"""Names of the objects that chaninfra keeps in a channel, beside packages and index files. All are relative to it."""

from __future__ import annotations

CHANNEL_JSON = "channel.json"
"""The descriptor of the channel."""

YANKED_JSON = "yanked.json"
"""The list of the yanked packages."""

NOTICES_JSON = "notices.json"
"""What clients tell the users of the channel (CEP 6)."""

WITHDRAWN_JSON = "withdrawn.json"
"""The list of the packages that were deleted for good."""

CHANINFRA_FOLDER = ".chaninfra"
"""The folder of internal files."""

PROBE_FOLDER = f"{CHANINFRA_FOLDER}/probe"
"""Scratch objects of `chaninfra doctor --probe`."""

GC_FOLDER = f"{CHANINFRA_FOLDER}/gc"
"""`<subdir>.json`: when `chaninfra gc` found each unreferenced shard."""

HISTORY_FOLDER = f"{CHANINFRA_FOLDER}/history"
"""`<subdir>/<number>`: the authoritative index of a subdir as it was at the commit with this number."""

ETAG_CACHE_FOLDER = f"{CHANINFRA_FOLDER}/seen"
"""`<subdir>.json.zst`: ETag and sha256 of packages whose ETag is not their md5."""

REPLACED_FOLDER = f"{CHANINFRA_FOLDER}/replaced"
"""`<subdir>.json`: which shards stand in old states of the index for those that had records of deleted packages."""

SNAPSHOTS_FOLDER = "snapshots"
"""`<name>/<subdir>/`: the index files of a snapshot."""

SNAPSHOTS_JSON = f"{SNAPSHOTS_FOLDER}/index.json"
"""The list of the snapshots."""

LEFT_OUT_JSON = f"{CHANINFRA_FOLDER}/left-out.json"
"""The packages that `chaninfra follow` could not index, and why."""

FOLLOW_JSON = f"{CHANINFRA_FOLDER}/follow.json"
"""When the index was last brought in line by a follower or a scheduled job, and by which."""

MIRRORS_FOLDER = f"{CHANINFRA_FOLDER}/mirrors"
"""`<subdir>.json`: which packages were copied by mirrors that prune."""

PATCHES_FOLDER = f"{CHANINFRA_FOLDER}/patches"
"""`<subdir>.json`: what the index says of packages instead of what they say themselves."""

INDEX_HTML = "index.html"
"""The page of the channel."""

ASSETS_FOLDER = "assets"
"""What the page loads: `<name>-<hash>.<suffix>`."""

SUMMARIES_FOLDER = "summaries"
"""`<name>.json` in each subdir: what the newest package of this name says of itself."""

CHANNELDATA_JSON = "channeldata.json"
"""What the packages of all subdirs say of themselves, for other tools."""
