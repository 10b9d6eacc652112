"""What `manifest` prints: what reads it accepts it, and it says what pixi's page says."""

from __future__ import annotations

import configparser
import json
import re
import subprocess
import sys
import tomllib
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator
from ruamel.yaml import YAML
from typer.testing import CliRunner

from chaninfra.channel.descriptor import Descriptor
from chaninfra.channel.errors import ConfigurationError
from chaninfra.cli.app import app
from chaninfra.manifest import FORMATS, NAMES, Settings, Sso, client, render, toml, yaml
from manifests import ALL, GOLDEN, ILLEGAL, LEGAL, Case, descriptor, read

TESTS = Path(__file__).parents[1]
SCHEMA = json.loads((TESTS / "data/pixi-manifest-0.77.0.schema.json").read_text("utf-8"))
PAGE = (TESTS / "data/pixi-s3-page.txt").read_text("utf-8")
ACTIONS = json.loads((TESTS / "data/action-inputs.json").read_text("utf-8"))

# The flags that one who has read pixi's page would give.
PAGE_FLAGS = {
    "MinIO": ["--provider", "minio", "--endpoint-url", "https://minio.example.com"],
    "Cloudflare R2": ["--provider", "r2", "--endpoint-url", "https://<account-id>.eu.r2.cloudflarestorage.com"],
    "Wasabi": ["--provider", "wasabi", "--region", "de-1"],
    "Backblaze B2": ["--provider", "b2", "--region", "us-west-004"],
    "Google Cloud Storage": ["--provider", "gcs"],
    "Hetzner Object Storage": ["--provider", "hetzner", "--endpoint-url", "https://fsn1.your-objectstorage.com"],
}


def pixi(*channels: Descriptor, way: Any = None) -> dict[str, Any]:
    """The workspace that is printed for channels."""
    text = render("pixi", Settings(clients=tuple(client(each, way) for each in channels)))
    found: dict[str, Any] = tomllib.loads(text)["workspace"]
    return found


def on(case: str) -> list[Case]:
    """The legal cases of a format."""
    return [each for each in LEGAL if each.name == case]


@pytest.mark.parametrize("case", LEGAL, ids=str)
def test_it_is_what_it_was(case: Case) -> None:
    assert case.text() == case.golden.read_text("utf-8"), "python tests/manifests.py writes them"


def test_there_is_no_golden_file_but_for_a_legal_case() -> None:
    assert {path for path in GOLDEN.rglob("*") if path.is_file()} == {case.golden for case in LEGAL}


@pytest.mark.parametrize("case", ILLEGAL, ids=str)
def test_what_is_not_legal_says_why_and_what_to_do(case: Case) -> None:
    with pytest.raises(ConfigurationError) as caught:
        case.text()
    assert caught.value.exit_code == 2
    assert caught.value.remedy


def test_the_table_has_every_cell_and_every_way_prints_something() -> None:
    assert len(LEGAL) + len(ILLEGAL) == len(ALL)
    assert {case.way for case in LEGAL} == {"aws", "pixi", "public", "gcs"}
    assert {case.name for case in LEGAL} == set(NAMES) == set(FORMATS)


@pytest.mark.parametrize("case", [*on("pixi"), *on("pyproject")], ids=str)
def test_pixis_own_schema_accepts_it(case: Case) -> None:
    document = tomllib.loads(case.text())
    Draft7Validator(SCHEMA).validate(document if case.name == "pixi" else document["tool"]["pixi"])


def test_pixis_own_schema_is_a_judge() -> None:
    document = {"workspace": pixi(descriptor("minio"))}
    del document["workspace"]["s3-options"]["my-bucket"]["region"]
    assert list(Draft7Validator(SCHEMA).iter_errors(document))


@pytest.mark.parametrize("case", on("config"), ids=str)
def test_the_config_says_what_the_manifest_says(case: Case) -> None:
    config = tomllib.loads(case.text())
    workspace = tomllib.loads(Case("pixi", case.way, case.store).text())["workspace"]
    assert config["default-channels"] == workspace["channels"]
    assert config.get("s3-options") == workspace.get("s3-options")


def blocks_of_the_page() -> dict[str, str]:
    block = r'```toml title="pixi\.toml" (endpoint-url = "[^"]*") (region = "[^"]*") (force-path-style = \w+) ```'
    section = re.compile(rf"### ((?:(?!###|```).)+?) (?:Note (?:(?!###|```).)+)?{block}", re.DOTALL)
    return {found[1]: "\n".join(found.groups()[1:]) for found in section.finditer(PAGE)}


def test_the_page_has_six_blocks() -> None:
    assert set(blocks_of_the_page()) == set(PAGE_FLAGS)


@pytest.mark.parametrize("store", PAGE_FLAGS)
def test_a_block_of_the_page_is_printed_for_the_same_input(store: str) -> None:
    done = CliRunner().invoke(app, ["manifest", "s3://my-bucket/my-channel", "--offline", *PAGE_FLAGS[store]])
    assert done.exit_code == 0, done.output
    assert f"[workspace.s3-options.my-bucket]\n{blocks_of_the_page()[store]}\n" in done.stdout


def test_the_general_block_of_the_page() -> None:
    block = re.search(r"\[workspace\.s3-options\.my-bucket\] (.*?) (region = .*?) (force-path-style = \w+) ```", PAGE)
    assert block is not None
    flags = ["--endpoint-url", "https://my-s3-host", "--force-path-style", "false"]
    done = CliRunner().invoke(app, ["manifest", "s3://my-bucket/custom-channel", "--offline", *flags])
    assert "[workspace.s3-options.my-bucket]\n{}\n{}\n{}\n".format(*block.groups()) in done.stdout


def test_the_channel_is_before_conda_forge_and_noarch_is_no_platform() -> None:
    workspace = pixi(descriptor("minio", subdirs=["linux-64", "osx-arm64"]))
    assert workspace["channels"] == ["s3://my-bucket/my-channel", "conda-forge"]
    assert workspace["platforms"] == ["linux-64", "osx-arm64"]


def test_a_channel_of_noarch_alone_is_for_every_platform() -> None:
    assert pixi(descriptor("minio", subdirs=["noarch"]))["platforms"] == [
        "linux-64",
        "linux-aarch64",
        "osx-64",
        "osx-arm64",
        "win-64",
    ]


def test_channels_of_one_bucket_share_its_options() -> None:
    both = [descriptor("minio", prefix=name, subdirs=[subdir]) for name, subdir in (("a", "linux-64"), ("b", "win-64"))]
    workspace = pixi(*both)
    assert workspace["channels"] == ["s3://my-bucket/a", "s3://my-bucket/b", "conda-forge"]
    assert list(workspace["s3-options"]) == ["my-bucket"]
    assert workspace["platforms"] == ["linux-64", "win-64"]


def test_a_dot_in_a_buckets_name_is_no_path() -> None:
    assert list(pixi(descriptor("minio", bucket="my.bucket"))["s3-options"]) == ["my.bucket"]


def test_on_aws_the_credentials_of_its_tools_need_no_options() -> None:
    assert "s3-options" not in pixi(descriptor("aws"), way="aws")


def test_elsewhere_they_need_options_and_a_pixi_that_takes_both() -> None:
    workspace = pixi(descriptor("minio"), way="aws")
    assert workspace["s3-options"]["my-bucket"]["endpoint-url"] == "https://minio.example.com"
    assert workspace["requires-pixi"] == ">=0.67"


def test_public_access_to_a_private_channel_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="private") as caught:
        client(descriptor("minio"), "public")
    assert caught.value.exit_code == 2


def test_googles_urls_are_for_google() -> None:
    with pytest.raises(ConfigurationError, match="Google"):
        client(descriptor("minio"), "gcs")


@pytest.mark.parametrize(("kind", "names"), [("github-workflows", "github*"), ("gitlab-ci", "gitlab*")])
def test_the_schema_of_the_ci_accepts_all_jobs(kind: str, names: str, tmp_path: Path) -> None:
    files = [str(path) for path in sorted(GOLDEN.glob(f"{names}/*.yaml"))]
    broken = tmp_path / "broken.yaml"
    broken.write_text(
        Path(files[0]).read_text("utf-8").replace("steps:", "stops:").replace("script:", "sript:"), "utf-8"
    )
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{kind}"]
    done = subprocess.run([*command, *files], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout
    assert len(files) == 36
    assert subprocess.run([*command, broken], capture_output=True, timeout=120, check=False).returncode == 1


@pytest.mark.parametrize("case", [*on("github"), *on("github-publish")], ids=str)
def test_the_actions_have_these_inputs_and_outputs(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    (job,) = workflow["jobs"].values()
    steps = {step["id"]: step["uses"] for step in job["steps"] if "id" in step}
    for step in job["steps"]:
        if "uses" in step:
            known = ACTIONS[step["uses"]]
            assert set(step.get("with", {})) <= set(known["inputs"])
            assert set(known["required"]) <= set(step.get("with", {}))
    for step, name in re.findall(r"steps\.([a-z-]+)\.outputs\.([a-z-]+)", case.text()):
        assert name in ACTIONS[steps[step]]["outputs"]


@pytest.mark.parametrize("case", [*on("github"), *on("github-publish")], ids=str)
def test_a_workflow_may_no_more_than_it_needs(case: Case) -> None:
    workflow = YAML(typ="safe").load(case.text())
    oidc = "configure-aws-credentials" in case.text()
    assert workflow["permissions"] == ({"id-token": "write", "contents": "read"} if oidc else {"contents": "read"})
    assert workflow["concurrency"]["group"]
    # Nothing is published twice at a time, and nothing is cut off half way.
    assert workflow["concurrency"]["cancel-in-progress"] is (case.name == "github")


def test_a_job_of_a_public_channel_logs_in_to_publish_and_not_before() -> None:
    steps = YAML(typ="safe").load(Case("github-publish", "public", "aws").text())["jobs"]["publish"]["steps"]
    names = [step["name"] for step in steps]
    assert names == ["Check out repository", "Set up pixi", "Build", "Log in to AWS", "Publish"]


def test_a_given_role_is_in_the_job() -> None:
    role = "arn:aws:iam::123456789012:role/publish"
    for name in ("github-publish", "gitlab-publish"):
        text = Case(name, "aws", "aws").text(role_arn=role)  # type: ignore[arg-type]
        assert role in text
        assert "AWS_ROLE_ARN," not in text


def test_in_china_the_token_is_for_the_sts_there() -> None:
    found = descriptor("aws", region="cn-north-1")
    text = render("github", Settings(clients=(client(found, "aws"),)))
    assert "audience: sts.amazonaws.com.cn\n" in text


def test_a_descriptor_cannot_put_an_expression_into_a_workflow() -> None:
    # It may come from anywhere; its prefix has no pattern.
    bad = "a${{ secrets.KEY }}'\"; rm -rf /"
    found = Descriptor(
        **{
            **{name: getattr(descriptor("minio"), name) for name in Descriptor.__struct_fields__},
            "prefix": bad,
            "url": f"s3://my-bucket/{bad}",
        }
    )
    for name in ("github", "github-publish"):
        text = render(name, Settings(clients=(client(found, "aws"),)))  # type: ignore[arg-type]
        assert "secrets.KEY" not in re.sub(r"\$\{\{ '\$\{\{' \}\} secrets.KEY", "", text)
        YAML(typ="safe").load(text)


@pytest.mark.parametrize("case", on("aws-config"), ids=str)
def test_botocore_reads_the_profile(case: Case, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.session import Session

    (tmp_path / "config").write_text(case.text(), "utf-8")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = Session(profile="my-channel")
    s3 = session.create_client("s3", aws_access_key_id="a", aws_secret_access_key="b")
    expected = case.descriptor
    assert s3.meta.region_name == expected.region
    assert s3.meta.endpoint_url == expected.endpoint_url
    if case.store != "aws":
        style = "path" if expected.force_path_style else "virtual"
        assert s3.meta.config.s3["addressing_style"] == style


def test_botocore_reads_the_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.session import Session

    sso = Sso(start_url="https://my-company.awsapps.com/start", account_id="123456789012", role_name="PowerUserAccess")
    text = render("aws-config", Settings(clients=(read("aws"),), profile="conda", sso=sso))
    (tmp_path / "config").write_text(text, "utf-8")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    session = Session(profile="conda")
    found = session.get_scoped_config()
    assert (found["sso_account_id"], found["sso_role_name"]) == ("123456789012", "PowerUserAccess")
    login = session.full_config["sso_sessions"][found["sso_session"]]
    assert login["sso_start_url"] == sso.start_url
    assert login["sso_region"] == "eu-central-1"


def test_a_login_is_for_aws_alone() -> None:
    sso = Sso(start_url="https://my-company.awsapps.com/start", account_id="123456789012", role_name="PowerUserAccess")
    with pytest.raises(ConfigurationError, match="only AWS"):
        render("aws-config", Settings(clients=(read("minio", "aws"),), sso=sso))


@pytest.mark.parametrize("value", ["a\nb = c", "[x]\n", " "])
def test_no_value_adds_a_line_to_a_profile(value: str) -> None:
    sso = Sso(start_url=value, account_id="1", role_name="r")
    with pytest.raises(ConfigurationError):
        render("aws-config", Settings(clients=(read("aws"),), sso=sso))
    with pytest.raises(ConfigurationError):
        render("aws-config", Settings(clients=(read("aws"),), profile=value))


@pytest.mark.parametrize("case", [*on("login"), *on("env"), *on("rattler-build")], ids=str)
def test_a_shell_takes_it(case: Case) -> None:
    done = subprocess.run(["sh", "-n"], input=case.text(), capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("shell", ["sh", "bash"])
@pytest.mark.parametrize("token", ["", "a token"])
def test_the_login_hands_over_what_is_in_the_environment(shell: str, token: str) -> None:
    run = partial(subprocess.run, capture_output=True, text=True, timeout=30, check=True)
    script = "pixi() { printf '%s\\n' \"$@\"; }\n" + Case("login", "pixi", "minio").text()
    keys = {"AWS_ACCESS_KEY_ID": "an id", "AWS_SECRET_ACCESS_KEY": "$HOME*", "AWS_SESSION_TOKEN": token}
    done = run([shell, "-eu"], input=script, env=keys)
    words = ["auth", "login", "s3://my-bucket", "--s3-access-key-id", "an id", "--s3-secret-access-key", "$HOME*"]
    assert done.stdout.splitlines() == [*words, *([f"--s3-session-token={token}"] if token else [])]


def test_the_variables_of_a_shell_are_where_the_bucket_is() -> None:
    script = Case("env", "pixi", "r2").text() + 'printf "%s\\n" "$S3_ENDPOINT_URL" "$S3_REGION" "$S3_ADDRESSING_STYLE"'
    done = subprocess.run(["sh", "-eu"], input=script, env={}, capture_output=True, text=True, timeout=30, check=True)
    assert done.stdout.splitlines() == ["https://0123abcd.eu.r2.cloudflarestorage.com", "WEUR", "virtual-host"]


@pytest.mark.parametrize("name", ["github-publish", "gitlab-publish", "rattler-build"])
def test_one_publishes_to_one_channel(name: Any) -> None:
    both = tuple(client(descriptor("minio", prefix=each), None) for each in ("a", "b"))
    with pytest.raises(ConfigurationError, match="2 channels") as caught:
        render(name, Settings(clients=both))
    assert "stack:NAME#a" in str(caught.value)


def test_a_job_logs_in_to_one_bucket() -> None:
    both = tuple(client(descriptor("minio", bucket=each), None) for each in ("one-bucket", "other-bucket"))
    with pytest.raises(ConfigurationError, match="one-bucket, other-bucket"):
        render("github", Settings(clients=both))


def test_no_secret_is_printed() -> None:
    for case in LEGAL:
        assert case.name == "auth-file" or "the-secret" not in case.text()
    with pytest.raises(ConfigurationError, match="never printed"):
        render("auth-file", Settings(clients=(read("minio"),)))


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)


@given(TEXT, NAME)
def test_any_text_survives_toml(value: str, name: str) -> None:
    text = f"{toml.comment(value)}\n" + toml.document({"a": {name: {"key": [value], "other": value}}})
    assert tomllib.loads(text) == {"a": {name: {"key": [value], "other": value}}}


DOCUMENTS = st.dictionaries(
    TEXT,
    st.recursive(
        TEXT | st.booleans() | st.none(),
        lambda each: (
            st.lists(st.dictionaries(TEXT, each, min_size=1, max_size=3) | TEXT, min_size=1, max_size=3)
            | st.dictionaries(TEXT, each, min_size=1, max_size=3)
        ),
        max_leaves=8,
    ),
    min_size=1,
    max_size=3,
)


@given(DOCUMENTS)
def test_any_document_survives_yaml(document: dict[str, Any]) -> None:
    assert YAML(typ="safe", pure=True).load(yaml.document(document)) == document


def test_the_profile_is_what_any_reader_of_such_files_takes() -> None:
    parser = configparser.ConfigParser()
    parser.read_string(Case("aws-config", "aws", "minio").text())
    assert parser.sections() == ["profile my-channel", "services my-channel"]
