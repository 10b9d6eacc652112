"""A stand-in for what Ceph and SeaweedFS do with the settings of a bucket: all of them are one record, and a change
reads the record, takes its time, and writes it back whole. So of two changes at once one is lost, and both answer 200
(or, on Ceph and rarely, one of them 500). As on Ceph, there is no default encryption. A stores test compares the
answers with those of Ceph.

It holds the record itself and hands everything else to a real server, whose objects are therefore not subject to it,
except that the server keeps versions when the record says so.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from support.servers.fault_server import Answer, Request, error
from support.servers.s3_servers import Server

# Query of the request → the error code of GET for a bucket without it; "": the answer is an empty document.
_SETTINGS = {
    "cors": "NoSuchCORSConfiguration",
    "encryption": "",
    "lifecycle": "NoSuchLifecycleConfiguration",
    "policy": "NoSuchBucketPolicy",
    "tagging": "NoSuchTagSet",
    "versioning": "",
}
_EMPTY = {
    "encryption": b"<?xml version='1.0' encoding='UTF-8'?><ServerSideEncryptionConfiguration/>",
    "versioning": b"<?xml version='1.0' encoding='UTF-8'?><VersioningConfiguration/>",
}


@dataclass
class CephMetadataStandin:
    """A fault for `fault_server.faulty`, before `server`."""

    server: Server
    seconds: float = 0.3
    """How long a change takes."""
    forgets: frozenset[str] = frozenset()
    """Settings that are taken and never kept, however often they are sent."""
    loses_first: dict[str, int] = field(default_factory=dict)
    """Setting → how many of its first changes another process undoes right away."""
    records: dict[str, dict[str, bytes]] = field(default_factory=dict)
    """Bucket → setting → the body of its last PUT."""
    changes: list[tuple[str, str]] = field(default_factory=list)
    """(method, setting) of each change that was answered."""
    most_at_once: int = 0
    _running: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, request: Request) -> Answer | None:
        """The answer to a request for a setting; None: the server answers."""
        parts = urlsplit(request.path)
        bucket = parts.path.strip("/")
        setting = next((key for key, _ in parse_qsl(parts.query, keep_blank_values=True) if key in _SETTINGS), None)
        if setting is None or "/" in bucket or not bucket:
            return None
        if request.method == "GET":
            return self._get(bucket, setting)
        if setting == "encryption":
            if request.method == "PUT":
                return error(400, "InvalidArgument")
            # Ceph takes it for the deletion of the bucket, as all of ?x that it does not know.
            request.path, request.changed = f"/{bucket}", True
            return None
        self._change(bucket, setting, request)
        return Answer(200 if request.method == "PUT" else 204, [], b"")

    def _get(self, bucket: str, setting: str) -> Answer:
        with self._lock:
            body = self.records.get(bucket, {}).get(setting)
        if body is None:
            if _SETTINGS[setting]:
                return error(404, _SETTINGS[setting])
            body = _EMPTY[setting]
        return Answer(200, [("Content-Type", "application/xml")], body)

    def _change(self, bucket: str, setting: str, request: Request) -> None:
        with self._lock:
            record = dict(self.records.get(bucket, {}))
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)
        time.sleep(self.seconds)
        undone = setting in self.forgets or self.loses_first.get(setting, 0) > 0
        if self.loses_first.get(setting, 0) > 0:
            self.loses_first[setting] -= 1
        if not undone and request.method == "PUT":
            record[setting] = request.body
            if setting == "versioning":
                status: Any = "Enabled" if b"Enabled" in request.body else "Suspended"
                self.server.client().put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        elif not undone:
            record.pop(setting, None)
        with self._lock:
            self.records[bucket] = record
            self.changes.append((request.method, setting))
            self._running -= 1
