"""The write mode of a channel, by its store and its number of writers."""

from __future__ import annotations

import pytest
from msgspec import UNSET, UnsetType, structs

from chaninfra.channel.conda.index_settings import ConditionalWrites, Writers
from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.outputs.descriptor import DescribedIndex, Descriptor
from chaninfra.channel.probe.write_mode import WriteMode, honoured, require_write_mode, write_mode
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import Support
from support.channels.channels import descriptor

ALL = ConditionalWrites(create=True, replace=True, multipart=True)
NONE = ConditionalWrites(create=False, replace=False, multipart=False)
CHANNEL = descriptor("c", provider="custom")


def described(provider: str = "custom", **index: object) -> Descriptor:
    return structs.replace(CHANNEL, provider=provider, index=DescribedIndex(**index))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("writers", "writes", "mode"),
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
def test_write_mode(writers: Writers, writes: ConditionalWrites, mode: WriteMode) -> None:
    assert write_mode(writers, writes) == mode


def test_a_recorded_probe_takes_away_and_what_the_providers_table_denies_stays_denied() -> None:
    none, all_but_copy = structs.replace(NONE, copy=False), structs.replace(ALL, copy=False)
    assert honoured(described(conditional_writes=NONE)) == none
    assert honoured(described("minio", conditional_writes=NONE)) == none
    # As a probe of an earlier version may have recorded it.
    assert honoured(described("garage", conditional_writes=ALL)) == none
    assert honoured(described("of-a-later-version", conditional_writes=NONE)) == none
    assert honoured(described(provider="of-a-later-version")) == all_but_copy


@pytest.mark.parametrize(
    ("provider", "probed", "copies"),
    [
        ("aws", UNSET, True),
        ("aws", False, False),
        ("minio", UNSET, False),
        ("minio", True, False),
        ("custom", UNSET, False),
        ("custom", True, True),
        ("of-a-later-version", UNSET, False),
        ("of-a-later-version", True, True),
    ],
)
def test_a_copy_is_conditional_only_where_that_is_known(
    provider: str, probed: bool | UnsetType, *, copies: bool
) -> None:
    writes = structs.replace(ALL, copy=probed)
    assert honoured(described(provider, conditional_writes=writes)).copy is copies


@pytest.mark.parametrize("name", [*PROVIDERS])
def test_without_a_probe_the_providers_table_decides_and_unknown_counts_as_honoured(name: str) -> None:
    def expected(support: Support) -> bool:
        return support != "no"

    known = PROVIDERS[name].capabilities
    writes = honoured(described(provider=name))
    assert writes.create == expected(known["conditional-create"].value)
    assert writes.replace == expected(known["conditional-replace"].value)
    assert writes.multipart == expected(known["conditional-multipart"].value)


def test_many_writers_on_a_store_without_conditional_writes_are_an_error_with_a_remedy() -> None:
    with pytest.raises(ConfigurationError, match="overwrite each other") as caught:
        require_write_mode(described(conditional_writes=NONE))
    assert caught.value.where == "s3://my-bucket/c/channel.json"
    assert caught.value.key == ("index", "writers")
    assert "`index.writers` to single" in (caught.value.remedy or "")
    assert require_write_mode(described(conditional_writes=NONE, writers="single")) == "plain"
