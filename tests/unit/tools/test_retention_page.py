"""docs/retention.md: its stack config is one."""

from __future__ import annotations

import re

from ruamel.yaml import YAML

from chaninfra.channel.spec.build import build_spec
from support.paths import ROOT

PAGE = (ROOT / "docs" / "retention.md").read_text("utf-8")


def test_the_rules_on_the_page_are_valid() -> None:
    (block,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    config = YAML(typ="safe").load(block)["config"]
    (retention,) = (value for key, value in config.items() if key == "chaninfra:retention")
    base = {"provider": "minio", "endpoint-url": "https://minio.example.com", "bucket": "my-bucket"}
    (channel,) = build_spec({**base, "retention": retention}, where="x").channels
    assert [*channel.retention] == ["nightlies", "old"]
    assert channel.retention["old"].grace == "30d"
