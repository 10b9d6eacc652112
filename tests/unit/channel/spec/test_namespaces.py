"""Keys that Pulumi gives to nobody, since their namespace is mistyped."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.namespaces import meant
from chaninfra.channel.spec.stack_file import ignored_keys, read_stack_file


@pytest.mark.parametrize(
    ("written", "namespace", "probable"),
    [
        ("chaninfa:publishers", "chaninfra", "chaninfra:publishers"),
        ("Chaninfra:bucket", "chaninfra", "chaninfra:bucket"),
        ("chaninfa:publishers.ci.key", "chaninfra", "chaninfra:publishers.ci.key"),
        ("chaninfra:bucket", "packages", "packages:bucket"),
        ("package:region", "packages", "packages:region"),
        ("packages:region", "packages", None),
        ("region", "packages", None),
        ("aws:region", "packages", None),
        ("aws:region", "awss", None),
        ("packages-web:domain", "packages", None),
        ("chaninfa:something", "chaninfra", None),
        ("", "chaninfra", None),
        (":", "chaninfra", None),
    ],
)
def test_a_near_miss_is_told_from_what_others_read(written: str, namespace: str, probable: str | None) -> None:
    assert meant([written], namespace) == ({written: probable} if probable else {})


def stack_file(folder: Path, *lines: str) -> Path:
    (folder / "Pulumi.yaml").write_text("name: chaninfra\nruntime: python\n")
    path = folder / "Pulumi.prod.yaml"
    path.write_text("config:\n" + "".join(f"  {line}\n" for line in lines))
    return path


def test_a_stack_file_is_warned_of(tmp_path: Path) -> None:
    path = stack_file(tmp_path, "chaninfra:bucket: my-bucket", "aws:region: eu-central-1", "chaninfa:publishers: {}")
    assert read_stack_file(path).bucket.name == "my-bucket"
    (warning,) = ignored_keys(path)
    assert str(warning) == (
        f"{path}, key chaninfa:publishers: is ignored: its namespace is not that of the project\n"
        "  did you mean `chaninfra:publishers`? Write it so"
    )


def test_a_bucket_with_a_mistyped_namespace_is_named(tmp_path: Path) -> None:
    path = stack_file(tmp_path, "chanifra:bucket: my-bucket", "aws:region: eu-central-1")
    with pytest.raises(ConfigurationError) as caught:
        read_stack_file(path)
    assert caught.value.message == "`bucket` is not set, but `chanifra:bucket` is"
    assert caught.value.remedy == "did you mean `chaninfra:bucket`?"
