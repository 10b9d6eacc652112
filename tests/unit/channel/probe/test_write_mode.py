"""How a channel may be written."""

from __future__ import annotations

import pytest
from msgspec import structs

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import DescribedIndex, Descriptor
from chaninfra.channel.probe.write_mode import WriteMode, honoured, must_write, write_mode
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Support
from support.channels.channels import descriptor

ALL = ConditionalWrites(create=True, replace=True, multipart=True)
NONE = ConditionalWrites(create=False, replace=False, multipart=False)
CHANNEL = descriptor("c", provider="custom")


def described(provider: str = "custom", **index: object) -> Descriptor:
    return structs.replace(CHANNEL, provider=provider, index=DescribedIndex(**index))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("writers", "writes", "way"),
    [
        ("many", ALL, "conditional"),
        ("single", ALL, "conditional"),
        ("many", structs.replace(ALL, multipart=False), "conditional"),
        ("many", structs.replace(ALL, replace=False), "refused"),
        ("many", structs.replace(ALL, create=False), "refused"),
        ("many", NONE, "refused"),
        ("single", structs.replace(ALL, replace=False), "plain"),
        ("single", NONE, "plain"),
    ],
)
def test_the_way_to_write(writers: Writers, writes: ConditionalWrites, way: WriteMode) -> None:
    assert write_mode(writers, writes) == way


def test_what_a_probe_recorded_counts_before_the_row() -> None:
    assert honoured(described(conditional_writes=NONE)) == NONE
    assert honoured(described(provider="of-a-later-version")) == ALL


@pytest.mark.parametrize("name", [*PROVIDERS])
def test_without_a_probe_the_row_counts_and_what_nobody_knows_is_tried(name: str) -> None:
    def tried(said: Support) -> bool:
        return said != "no"

    known = PROVIDERS[name].capabilities
    writes = honoured(described(provider=name))
    assert writes.create == tried(known["conditional-create"].value)
    assert writes.replace == tried(known["conditional-replace"].value)
    assert writes.multipart == tried(known["conditional-multipart"].value)


def test_many_writers_on_a_store_without_conditional_writes_are_refused_with_a_remedy() -> None:
    with pytest.raises(ConfigurationError, match="overwrite each other") as caught:
        must_write(described(conditional_writes=NONE))
    assert caught.value.where == "s3://my-bucket/c/channel.json, key index.writers"
    assert "`index.writers` to single" in (caught.value.remedy or "")
    assert must_write(described(conditional_writes=NONE, writers="single")) == "plain"
