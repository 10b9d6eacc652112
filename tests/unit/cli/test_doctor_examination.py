"""The doctor's examination, built from CHANNEL and the flags."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.outputs.descriptor import to_document
from chaninfra.cli.doctor_examination import examination_of
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.doctor.checks.table import chosen, run
from chaninfra.doctor.remedies import Remedies
from support.channels.channels import descriptor


def test_a_stack_is_examined_by_its_output(monkeypatch: pytest.MonkeyPatch) -> None:
    outputs = {"my-channel": to_document(descriptor())}
    monkeypatch.setattr("chaninfra.engine.stacks.stack_output", lambda *_: outputs)
    monkeypatch.setenv("S3_ACCESS_KEY_ID", "half")
    found = examination_of("stack:prod", StoreFlags(region="eu-1", secret_access_key=None), "publisher", None)
    assert (found.given.region, found.origin, found.role) == ("eu-1", "descriptor", "publisher")
    assert found.credentials_error is not None
    assert found.remedies == Remedies(source="stack", channel="stack:prod", flags={"--region": "eu-1"}, stack="prod")
    assert found.remedies.stack_config("region", "eu-2").startswith(
        "pulumi config set region eu-2 --stack prod && pulumi up"
    )


def test_an_s3_url_is_examined_even_if_the_endpoint_does_not_answer(tmp_path: Path) -> None:
    names = tmp_path / "names"
    names.write_text("a\n")
    flags = StoreFlags(endpoint_url="http://127.0.0.1:1", access_key_id="me", secret_access_key="my-secret")
    found = examination_of("s3://my-bucket/c", flags, None, str(names))
    assert (found.origin, found.names, found.names_from) == ("assumed", {"a"}, str(names))
    assert "my-secret" not in found.remedies.command("reindex") + repr(found)
    results = run(found, chosen((), found))
    assert [each.name for each in results if each.state == "failed"] == ["endpoint"]
    assert {each.found for each in results if each.state == "skipped"} == {
        "cannot be checked because `endpoint` failed"
    }
