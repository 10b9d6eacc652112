"""A stand-in for how Ceph 16 treats conditions of a PUT, before a real server that does the rest.

As measured on Ceph 16.2.15: If-Match is compared with the ETag without its quotes, so that the right one in quotes is
answered 412 too, as is one about what is absent; conditions on CompleteMultipartUpload and CopyObject are ignored.
A stores test compares its answers with those of the real server. One thing it does not play: Ceph answers 500 to those
of several PUTs at the same moment that lose.
"""

from __future__ import annotations

from support.servers.fault_server import Answer, Request, error


def wants_unquoted_etags(request: Request) -> Answer | None:
    """If-Match of a PUT holds only without quotes; that of a GET in both forms. No condition of a POST or of a copy is
    heeded."""
    if request.method == "POST" or request.header("x-amz-copy-source") is not None:
        request.drop("if-", "x-amz-copy-source-if-")
        return None
    given = request.header("if-match")
    if request.method != "PUT" or given is None:
        return None
    if given.startswith('"'):
        return error(412, "PreconditionFailed")
    request.drop("if-match")
    request.headers["If-Match"] = f'"{given}"'
    return None


def hides_absence(request: Request, answer: Answer) -> Answer:
    """Whoever replaces what is absent is told no more than that the condition does not hold."""
    conditional = request.method == "PUT" and request.header("if-match") is not None
    return error(412, "PreconditionFailed") if conditional and answer.status == 404 else answer
