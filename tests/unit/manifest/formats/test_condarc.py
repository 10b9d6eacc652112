"""The .condarc of a channel of shards alone."""

from __future__ import annotations

from msgspec import structs

from chaninfra.manifest import ManifestRequest, render
from support.cases.manifests import access


def test_versions_that_read_shards_are_named() -> None:
    given = access("aws", "public")
    index = structs.replace(given.descriptor.index, monolith="never")
    alone = structs.replace(given.descriptor, index=index)
    from dataclasses import replace

    text = render("condarc", ManifestRequest(channels=(replace(given, descriptor=alone),)))
    assert (
        "# https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel has shards and no repodata.json: for conda"
        in text
    )
    assert "no repodata.json" not in render("condarc", ManifestRequest(channels=(given,)))
