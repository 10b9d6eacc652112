"""The function that runs at the CDN, in node in place of CloudFront's own engine."""

from __future__ import annotations

import json
import subprocess

import pytest

from chaninfra.pulumi.backends.aws.cdn_page import CODE

pytestmark = pytest.mark.long


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ("/", "/index.html"),
        ("/team/main/", "/team/main/index.html"),
        ("/team/main/index.html", "/team/main/index.html"),
        ("/team/main/channel.json", "/team/main/channel.json"),
        ("/team/main", "/team/main"),
    ],
)
def test_a_request_for_a_folder_gets_the_page(asked: str, got: str) -> None:
    event = {"version": "1.0", "request": {"method": "GET", "uri": asked, "querystring": {}, "headers": {}}}
    script = f"{CODE}\nconsole.log(JSON.stringify(handler({json.dumps(event)})));"
    ran = subprocess.run(["node", "-e", script], capture_output=True, check=True, timeout=30, text=True)
    assert json.loads(ran.stdout) == {**event["request"], "uri": got}
