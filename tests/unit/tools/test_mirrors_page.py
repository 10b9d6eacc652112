"""docs/mirrors.md: its stack config is one."""

from __future__ import annotations

import re

from ruamel.yaml import YAML

from chaninfra.channel.spec.build import build_spec
from support.paths import ROOT

PAGE = (ROOT / "docs" / "mirrors.md").read_text("utf-8")


def test_its_mirrors_are_those_of_a_stack() -> None:
    found = re.search(r"```yaml\n(config:\n.*?)```", PAGE, re.DOTALL)
    assert found is not None
    config = YAML(typ="safe").load(found[1])["config"]
    base = {"provider": "minio", "endpoint-url": "https://minio.example.com", "bucket": "my-bucket"}
    (channel,) = build_spec({**base, "mirrors": config["chaninfra:mirrors"]}, where="x").channels
    assert [*channel.mirrors] == ["forge", "upstream"]
    assert channel.mirrors["forge"].older_than == "7d"
    assert channel.mirrors["upstream"].every_s == 6 * 3600
