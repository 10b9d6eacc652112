"""A stand-in for how Ceph 16 treats conditions of a PUT, before a real server that does the rest.

As measured on Ceph 16.2.15: If-Match is compared with the ETag without its quotes, so that the right one in quotes is
answered 412 too; conditions on CompleteMultipartUpload are ignored.
"""

from __future__ import annotations

from support.servers.fault_server import Answer, Request, error


def wants_unquoted_etags(request: Request) -> Answer | None:
    """If-Match of a PUT holds only without quotes; that of a GET in both forms. No condition of a POST is heeded."""
    if request.method == "POST":
        request.drop("if-")
        return None
    given = request.header("if-match")
    if request.method != "PUT" or given is None:
        return None
    if given.startswith('"'):
        return error(412, "PreconditionFailed")
    request.drop("if-match")
    request.headers["If-Match"] = f'"{given}"'
    return None
