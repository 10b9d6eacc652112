"""The .condarc of a channel of shards alone."""

from __future__ import annotations

from dataclasses import replace

from msgspec import structs

from chaninfra.manifest import ManifestRequest, render
from support.cases.manifests import access


def test_versions_that_read_shards_are_named() -> None:
    given = access("aws", "public")
    index = structs.replace(given.descriptor.index, monolith="never")
    alone = replace(given, descriptor=structs.replace(given.descriptor, index=index))
    text = render("condarc", ManifestRequest(channels=(alone,)))
    assert "my-channel has shards and no repodata.json: for conda from 26.3 and mamba from 2.6." in text
    assert "no repodata.json" not in render("condarc", ManifestRequest(channels=(given,)))
