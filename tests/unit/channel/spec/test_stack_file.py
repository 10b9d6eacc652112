"""Stack files are read as Pulumi reads them: namespaces, the config of the project, and dotted keys."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.build import build_spec
from chaninfra.channel.spec.model import StackSpec
from chaninfra.channel.spec.stack_file import check_program, check_stack_file, read_stack_file

STACK = """\
config:
  aws:region: eu-central-1
  acme:bucket: my-bucket
  prefix: main
  acme:publishers.ci.github.repository: acme/packages
  acme:publishers.ci.github.branch: main
"""


def read(folder: Path, stack: str, project: str = "name: acme\n") -> StackSpec:
    (folder / "Pulumi.yaml").write_text(project, "utf-8")
    (folder / "Pulumi.prod.yaml").write_text(stack, "utf-8")
    return read_stack_file(folder / "Pulumi.prod.yaml")


def spec(**keys: Any) -> StackSpec:
    return build_spec({"bucket": "my-bucket", "region": "eu-central-1", **keys}, where="stack.yaml")


def test_a_key_without_a_namespace_belongs_to_the_project(tmp_path: Path) -> None:
    with_project = read(tmp_path, STACK)
    assert (with_project.bucket.name, with_project.channels[0].prefix) == ("my-bucket", "main")
    # Also without a Pulumi.yaml.
    (tmp_path / "Pulumi.yaml").unlink()
    (tmp_path / "Pulumi.prod.yaml").write_text(STACK.replace("acme:", ""), "utf-8")
    assert read_stack_file(tmp_path / "Pulumi.prod.yaml") == with_project


def test_config_of_the_project_applies_unless_the_stack_sets_the_key(tmp_path: Path) -> None:
    project = (
        "name: acme\nconfig:\n  visibility:\n    type: string\n    default: public\n  acme:prefix: a\n  other:x: 1\n"
    )
    (channel,) = read(tmp_path, STACK, project).channels
    assert (channel.visibility, channel.prefix) == ("public", "main")
    (channel,) = read(tmp_path, STACK + "  visibility: private\n", project).channels
    assert channel.visibility == "private"


def test_a_dotted_key_is_a_nested_key(tmp_path: Path) -> None:
    github = {"repository": "acme/packages", "branch": "main"}
    wanted = spec(prefix="main", publishers={"ci": {"github": github}})
    assert read(tmp_path, STACK) == wanted
    # Next to a mapping, also one as JSON text, which is how the engine passes it.
    for mapping in ({"ci": {"github": {"repository": "acme/packages"}}}, '{"ci": {"github": {"branch": "main"}}}'):
        path = "branch" if isinstance(mapping, dict) else "repository"
        given = {"publishers": mapping, f"publishers.ci.github.{path}": github[path]}
        assert spec(prefix="main", **given) == wanted


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("prefix: 0123", "prefix"),
        ("prefix: 1_000", "prefix"),
        ("prefix: 0x10", "prefix"),
        ("prefix: 1.10", "prefix"),
        ("prefix: 2027-01-01", "prefix"),
        ("tags: {cost-center: 012}", "tags.cost-center"),
        ("tags: {01: x}", "tags"),
        ("publishers: {ci: {arn: 012345678901}}", "publishers.ci.arn"),
        ("publishers: {ci: {github: {repository: acme/x, branch: 1.10}}}", "publishers.ci.github.branch"),
        ("aws: {vpc-endpoints: [1.0]}", "aws.vpc-endpoints"),
    ],
)
def test_a_number_that_may_lose_digits_is_to_be_quoted(line: str, key: str, tmp_path: Path) -> None:
    stack = f"config:\n  aws:region: eu-central-1\n  acme:bucket: my-bucket\n  acme:{line}\n"
    with pytest.raises(ConfigurationError, match="quotes") as caught:
        read(tmp_path, stack)
    assert ".".join(caught.value.key) == key
    # By the program too, which gets from Pulumi only what is left of the number.
    with pytest.raises(ConfigurationError, match="quotes"):
        check_stack_file(tmp_path / "Pulumi.prod.yaml", "acme")
    check_stack_file(tmp_path / "Pulumi.prod.yaml", "of-another-project")
    check_stack_file(tmp_path / "Pulumi.missing.yaml", "acme")


@pytest.mark.parametrize("given", ["true", "1.5", "-0.5"])
def test_text_that_yaml_takes_for_something_else_is_to_be_quoted(given: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="quotes") as caught:
        read(tmp_path, f"{STACK}  acme:tags: {{final: {given}}}\n")
    assert caught.value.key == ("tags", "final")


def test_whole_numbers_are_taken_where_text_is_meant(tmp_path: Path) -> None:
    stack = "config:\n  aws:region: eu-central-1\n  acme:bucket: my-bucket\n  acme:prefix: 2027\n"
    stack += "  acme:tags: {cost-center: 1234, 7: 8}\n  acme:readers: {12: {arn: 123456789012}}\n"
    found = read(tmp_path, stack)
    assert found.channels[0].prefix == "2027"
    assert found.bucket.settings.tags == {"cost-center": "1234", "7": "8"}
    (reader,) = found.channels[0].principals
    assert (reader.name, reader.arn) == ("12", "123456789012")


def test_a_missing_bucket_is_told_with_the_command_that_sets_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="pulumi config set bucket NAME --stack prod"):
        read(tmp_path, "config:\n  acme:prefix: main\n")
    with pytest.raises(ConfigurationError, match="did you mean `bucket`"):
        read(tmp_path, "config:\n  acme:buket: my-bucket\n")
    # Without a Pulumi.yaml the only namespace is the project's.
    (tmp_path / "Pulumi.yaml").unlink()
    with pytest.raises(ConfigurationError, match="did you mean `bucket`"):
        read_stack_file(tmp_path / "Pulumi.prod.yaml")


def test_encrypted_values_are_decrypted_if_the_spec_depends_on_them(tmp_path: Path) -> None:
    asked = []

    def decrypt(path: Path) -> Mapping[str, Any]:
        asked.append(path)
        return {"acme:bucket": "my-bucket", "acme:publishers": '{"ci": {"arn": 123456789012}}'}

    keys = "  acme:access-key-id: {secure: v1:a:b}\n  acme:secret-access-key: {secure: v1:a:b}\n"
    stack = "config:\n  acme:provider: minio\n  acme:endpoint-url: https://minio.example.com\n  acme:bucket: {bucket}\n"
    (tmp_path / "Pulumi.yaml").write_text("name: acme\n", "utf-8")
    file = tmp_path / "Pulumi.prod.yaml"
    file.write_text(stack.replace("{bucket}", "my-bucket") + keys, "utf-8")
    wanted = read_stack_file(file, decrypt)
    assert asked == []
    file.write_text(stack.replace("{bucket}", "{secure: v1:a:b}") + keys, "utf-8")
    assert read_stack_file(file, decrypt) == wanted
    assert asked == [file]
    # A part of a mapping too, as --path encrypts it.
    file.write_text(STACK.partition("  acme:publishers")[0] + "  acme:publishers: {ci: {arn: {secure: v1:a:b}}}\n")
    (principal,) = read_stack_file(file, decrypt).channels[0].principals
    assert principal.arn == "123456789012"
    with pytest.raises(ConfigurationError, match="is encrypted"):
        read_stack_file(file)


@pytest.mark.parametrize(
    ("project", "program", "other"),
    [
        ("name: acme\nruntime: yaml\n", None, True),
        ("name: acme\nruntime: {name: nodejs}\n", None, True),
        ("name: acme\nruntime: python\n", "from chaninfra.pulumi import CondaChannel\nCondaChannel('x', {})\n", True),
        ("name: acme\nruntime: python\nmain: infra/\n", "import pulumi\n", True),
        ("name: acme\nruntime: python\nmain: infra/\n", "from chaninfra.pulumi import program\n\nprogram()\n", False),
        ("name: acme\nruntime: {name: python}\n", "from chaninfra.pulumi import program\n\nprogram()\n", False),
        ("name: acme\nruntime: python\n", "from chaninfra.pulumi import (\n    program,\n)\n\nprogram()\n", False),
        ("name: acme\n", None, False),
    ],
)
def test_a_program_of_ones_own_declares_its_channels_itself(
    project: str, program: str | None, other: bool, tmp_path: Path
) -> None:
    (tmp_path / "Pulumi.yaml").write_text(project, "utf-8")
    (tmp_path / "infra").mkdir()
    if program is not None:
        (tmp_path / ("infra" if "infra" in project else ".") / "__main__.py").write_text(program, "utf-8")
    if not other:
        check_program(tmp_path / "Pulumi.prod.yaml")
        return
    with pytest.raises(ConfigurationError, match="pulumi preview --diff --stack prod"):
        check_program(tmp_path / "Pulumi.prod.yaml")


YAML_PROGRAM = """\
name: acme
runtime: yaml
config:
  bucket: {type: string}
  days: {type: integer, default: 30}
resources:
  conda:
    type: chaninfra:ChannelBucket
    properties:
      provider: minio
      endpointUrl: https://${host}
      bucket: ${bucket}
      oldVersionsDays: ${days}
      channels: {main: {publishers: {ciJob: {key: {rotate: 2027-q1}}}}}
"""


def test_a_program_in_yaml_is_read_with_the_config_of_the_stack(tmp_path: Path) -> None:
    stack = "config:\n  bucket: my-bucket\n  host: minio.example.com\n"
    found = read(tmp_path, stack, YAML_PROGRAM)
    check_program(tmp_path / "Pulumi.prod.yaml")
    assert found == build_spec(
        {
            "provider": "minio",
            "endpoint-url": "https://minio.example.com",
            "bucket": "my-bucket",
            "old-versions-days": 30,
            "channels": {"main": {"publishers": {"ciJob": {"key": {"rotate": "2027-q1"}}}}},
        },
        where="the program",
    )
    with pytest.raises(ConfigurationError, match="pulumi config set bucket VALUE"):
        read(tmp_path, "config:\n  host: minio.example.com\n", YAML_PROGRAM)
    for value in ("${other.id}", "{fn::secret: x}"):
        with pytest.raises(ConfigurationError, match="only when the program runs") as caught:
            read(tmp_path, stack, YAML_PROGRAM.replace("${days}", value))
        assert caught.value.key == ("old-versions-days",)
    with pytest.raises(ConfigurationError, match="did you mean `bucket`"):
        read(tmp_path, stack, YAML_PROGRAM.replace("bucket: ${bucket}", "buket: ${bucket}"))
