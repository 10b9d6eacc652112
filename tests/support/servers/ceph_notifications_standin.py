"""A stand-in for how Ceph keeps the notifications of a bucket: a PUT adds to them, each by its id and topic, and
DELETE ?notification=ID takes one away. Seen with Ceph 16.2.15; all other requests go to a real server.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit
from xml.etree import ElementTree

from support.servers.fault_server import Answer, Request, error

_SPACE = "http://s3.amazonaws.com/doc/2006-03-01/"
_XML = [("Content-Type", "application/xml")]


@dataclass
class CephNotificationsStandin:
    """A fault for `fault_server.faulty`."""

    topics: set[str]
    """ARNs of the topics that were made, without their zonegroup."""
    kept: dict[tuple[str, str], bytes] = field(default_factory=dict)
    """(id, ARN) → the element TopicConfiguration."""
    requests: list[tuple[str, str]] = field(default_factory=list)
    """(method, ids) of each change."""

    def __call__(self, request: Request) -> Answer | None:
        """The answer to a request for notifications; None: the server answers."""
        query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
        if "notification" not in query:
            return None
        if request.method == "GET":
            entries = b"".join(element for _, element in sorted(self.kept.items()))
            return Answer(200, _XML, b"<NotificationConfiguration>" + entries + b"</NotificationConfiguration>")
        if request.method == "DELETE":
            assert query["notification"], "without an id Ceph deletes all"
            self.requests.append(("DELETE", query["notification"]))
            first = next((key for key in sorted(self.kept) if key[0] == query["notification"]), None)
            if first is not None:
                del self.kept[first]
            return Answer(200, [], b"")
        return self._put(request.body)

    def _put(self, body: bytes) -> Answer:
        root = ElementTree.fromstring(body)  # noqa: S314 (of our own)
        entries = [entry for entry in root if entry.tag == f"{{{_SPACE}}}TopicConfiguration"]
        ids = [entry.findtext(f"{{{_SPACE}}}Id") or "" for entry in entries]
        self.requests.append(("PUT", " ".join(ids)))
        if not entries or len(entries) != len(root) or not all(ids):
            return error(400, "MalformedXML")
        for id_, entry in zip(ids, entries, strict=True):
            topic = entry.find(f"{{{_SPACE}}}Topic")
            assert topic is not None
            partition, name, service, _, *rest = str(topic.text).split(":")
            if ":".join([partition, name, service, *rest]) not in self.topics:
                return error(404, "NoSuchKey")
            topic.text = ":".join([partition, name, service, "default", *rest])
            for element in entry.iter():
                element.tag = element.tag.removeprefix(f"{{{_SPACE}}}")
            self.kept[id_, topic.text] = ElementTree.tostring(entry)
        return Answer(200, [], b"")
