"""`chaninfra schema`."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.app import app


def test_schemas_are_printed() -> None:
    done = CliRunner().invoke(app, ["schema", "channel"])
    assert '"$id": "urn:chaninfra:channel"' in done.stdout
    assert CliRunner().invoke(app, ["schema"]).stdout.split() == ["stack-config", "channel", "access", "snapshots"]


def test_the_keys_carry_the_name_of_the_project() -> None:
    done = CliRunner().invoke(app, ["schema", "stack-config", "--project", "my-project"])
    assert '"my-project:bucket"' in done.stdout
    assert '"chaninfra:bucket"' not in done.stdout


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["channel", "--project", "x"], "only for the schema stack-config\n  remove --project"),
        (["--project", "foo"], "only for the schema stack-config\n  run `chaninfra schema stack-config --project foo`"),
        (["stack-config", "--project", "a b"], "'a b' is not a valid project name"),
        (["foo"], "there is no schema 'foo'\n  known are: access, channel, snapshots, stack-config"),
        (["chanel"], "there is no schema 'chanel'\n  did you mean 'channel'?"),
    ],
)
def test_an_unknown_schema_and_a_project_that_does_not_apply_are_refused(args: list[str], message: str) -> None:
    done = CliRunner().invoke(app, ["schema", *args])
    assert isinstance(done.exception, ConfigurationError)
    assert message in str(done.exception)
