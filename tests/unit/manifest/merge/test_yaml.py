"""Settings merged into YAML files that people wrote: their content stays."""

from __future__ import annotations

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.formats.table import render
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifests import access
from support.cases.merging import into_yaml, is_kept


def test_comments_order_and_quotes_of_a_condarc_stay() -> None:
    text = "channels: # c\n- conda-forge\n# x\n- defaults # d\nauto_update_conda: false"
    found = into_yaml(text, access("aws", "public"), name="condarc")
    assert is_kept(text, found)
    assert YAML(typ="safe").load(found) == {
        "channels": ["https://my-bucket.s3.eu-central-1.amazonaws.com/my-channel", "conda-forge", "defaults"],
        "auto_update_conda": False,
        "channel_priority": "strict",
    }


def test_a_file_of_comments_gets_all_settings() -> None:
    channel = access("aws", "public")
    printed = render("condarc", ManifestRequest(channels=(channel,)))
    assert into_yaml("# mine\n", channel, name="condarc") == f"# mine\n{printed}"


def test_nan_in_a_file_stays() -> None:
    text = "channels: [conda-forge]\nother: .nan\n"
    assert is_kept("other: .nan", into_yaml(text, access("aws", "public"), name="condarc"))


@pytest.mark.parametrize("text", ["jobs: [", "jobs:\n  a: &a\n    b: *c\n", "\t", "[" * 10_000])
def test_a_file_that_is_not_yaml_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="is not YAML"):
        into_yaml(text, access("aws"))


def test_a_file_whose_values_contain_themselves_is_refused() -> None:
    with pytest.raises(ConfigurationError):
        into_yaml("a: &a [*a]\njobs: {}\n", access("aws"))
