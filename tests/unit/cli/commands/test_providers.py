"""`chaninfra providers`."""

from __future__ import annotations

from typer.testing import CliRunner

from chaninfra.cli.app import app


def test_providers_are_printed() -> None:
    said = CliRunner().invoke(app, ["providers"]).stdout
    for name in ("aws", "minio", "r2", "wasabi", "b2", "gcs", "hetzner", "custom"):
        assert f"\n{name} " in said
    one = CliRunner().invoke(app, ["providers", "b2", "--json"]).stdout
    assert '"source"' in one
    assert '"addressing": {\n    "value": "path"' in one
