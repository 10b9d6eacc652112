"""The table of formats: every cell prints the golden text, or is refused with a reason and a remedy."""

from __future__ import annotations

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.manifest.formats.table import FORMATS, render
from chaninfra.manifest.names import NAMES
from chaninfra.manifest.request import ManifestRequest
from support.cases.manifests import ALL, MANIFESTS, POSSIBLE, REFUSED, Case, access


@pytest.mark.parametrize("case", POSSIBLE, ids=str)
def test_text_is_the_golden_file(case: Case) -> None:
    assert case.text() == case.golden.read_text("utf-8"), "python -m support.cases.manifests writes them"


def test_every_golden_file_belongs_to_a_possible_case() -> None:
    assert {path for path in MANIFESTS.rglob("*") if path.is_file()} == {case.golden for case in POSSIBLE}


@pytest.mark.parametrize("case", REFUSED, ids=str)
def test_a_refusal_has_a_reason_and_a_remedy(case: Case) -> None:
    with pytest.raises(ConfigurationError) as caught:
        case.text()
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_a_refusal_names_the_format_and_the_access_method() -> None:
    with pytest.raises(ConfigurationError, match="condarc is not possible with --auth gcs: conda and mamba read"):
        Case("condarc", "gcs", "gcs").text()


def test_every_cell_is_possible_or_refused_and_every_method_and_format_prints_something() -> None:
    assert len(POSSIBLE) + len(REFUSED) == len(ALL)
    assert {case.method for case in POSSIBLE} == {"aws", "pixi", "public", "gcs"}
    assert {case.name for case in POSSIBLE} == set(NAMES) == set(FORMATS)


def test_no_format_but_auth_file_has_a_secret_and_that_is_not_printed() -> None:
    for case in POSSIBLE:
        assert case.name == "auth-file" or "the-secret" not in case.text()
    with pytest.raises(ConfigurationError, match="never printed"):
        render("auth-file", ManifestRequest(channels=(access("minio"),)))
