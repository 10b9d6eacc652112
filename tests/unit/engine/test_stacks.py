"""Reading a stack's output, with a fake `pulumi` that prints what the real engine (3.259.0) prints."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from chaninfra.channel.errors import ConfigurationError, EngineError, ExitCode
from chaninfra.engine.stacks import stack_config, stack_output

# Prints $FAKE_SAYS, fails with $FAKE_ERROR if it is set, and writes its folder and arguments to $FAKE_ASKED.
FAKE_PULUMI = f"""#!{sys.executable}
import json, os, sys
if sys.argv[1:] == ["version"]:
    sys.exit(print("v3.259.0"))
with open(os.environ["FAKE_ASKED"], "w") as file:
    json.dump([os.getcwd(), *sys.argv[1:]], file)
print(os.environ.get("FAKE_SAYS", ""))
sys.exit(os.environ.get("FAKE_ERROR") or 0)
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a folder `below`; only the fake engine is on PATH, and the cache is empty."""
    fakes, folder = tmp_path / "fakes", tmp_path / "project"
    for made in (fakes, folder / "below"):
        made.mkdir(parents=True)
    (folder / "Pulumi.yaml").write_text("name: chaninfra\nruntime: python\n")
    (fakes / "pulumi").write_text(FAKE_PULUMI)
    (fakes / "pulumi-language-python").touch()
    for program in fakes.iterdir():
        program.chmod(0o755)
    for name, value in (("PATH", fakes), ("XDG_CACHE_HOME", tmp_path / "cache"), ("FAKE_ASKED", tmp_path / "asked")):
        monkeypatch.setenv(name, str(value))
    return folder


def asked(project: Path) -> list[str]:
    words: list[str] = json.loads((project.parent / "asked").read_text())
    return words


def test_the_output_of_the_selected_stack(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SAYS", '{"main": {"version": 1}}')
    assert stack_output(None, project / "below") == {"main": {"version": 1}}
    assert asked(project) == [str(project), "stack", "output", "channels", "--json", "--non-interactive"]


def test_the_output_of_a_named_stack(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SAYS", "[1]")
    assert stack_output("team/prod", project, "access") == [1]
    assert asked(project)[1:] == ["stack", "output", "access", "--json", "--non-interactive", "--stack=team/prod"]


@pytest.mark.parametrize(
    ("said", "kind", "message", "remedy"),
    [
        (
            "error: no stack selected; please use `pulumi stack select` to choose one",
            ConfigurationError,
            "no stack is selected",
            "pulumi stack select",
        ),
        ("error: no stack named 'dev' found", ConfigurationError, "there is no stack dev", "pulumi stack ls"),
        (
            "error: current stack does not have output property 'channels'",
            EngineError,
            "the stack dev has no output 'channels'",
            "pulumi up",
        ),
        (
            "error: PULUMI_ACCESS_TOKEN must be set for login during non-interactive CLI sessions",
            ConfigurationError,
            "not logged in",
            "pulumi login",
        ),
        (
            "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE",
            ConfigurationError,
            "the passphrase of the stack dev is missing",
            "PULUMI_CONFIG_PASSPHRASE_FILE",
        ),
        (
            'SDK WARN falling back\nerror: unable to open state directory "file:///gone"\n',
            EngineError,
            'pulumi could not read the stack dev: unable to open state directory "file:///gone"',
            None,
        ),
        ("", EngineError, "no output", None),
    ],
)
def test_each_error_of_pulumi_becomes_one_of_ours(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    said: str,
    kind: type[ConfigurationError | EngineError],
    message: str,
    remedy: str | None,
) -> None:
    monkeypatch.setenv("FAKE_ERROR", said or "\n")
    with pytest.raises(kind) as caught:
        stack_output("dev", project)
    assert message in caught.value.message
    assert caught.value.where == str(project / "Pulumi.yaml")
    assert remedy is None or remedy in str(caught.value.remedy)


def test_an_answer_that_is_not_json(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_SAYS", "hello")
    with pytest.raises(EngineError, match="is not JSON"):
        stack_output(None, project)


def test_no_project(project: Path) -> None:
    with pytest.raises(ConfigurationError, match="no Pulumi project in this folder") as caught:
        stack_output("dev", project.parent)
    assert caught.value.exit_code == ExitCode.USAGE
    assert caught.value.where == str(project.parent)
    assert str(caught.value.remedy).startswith("run this in the folder of the Pulumi project")


def test_no_engine(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(project))
    with pytest.raises(EngineError, match="pulumi on PATH: none; cached copy: none") as caught:
        stack_output("dev", project)
    assert "python -m chaninfra.engine" in str(caught.value.remedy)


def test_importing_stacks_does_not_import_pulumi() -> None:
    code = "import sys, chaninfra.engine.stacks; print({'pulumi', 'typer', 'boto3'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_an_error_names_the_selected_stack(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake = tmp_path / "fakes" / "pulumi"
    named = 'if sys.argv[1:3] == ["stack", "--show-name"]:\n    sys.exit(print("dev"))\n'
    fake.write_text(FAKE_PULUMI.replace("with open", f"{named}with open"))
    monkeypatch.setenv("FAKE_ERROR", "error: current stack does not have output property 'channels'")
    with pytest.raises(EngineError, match="the selected stack, dev, has no output 'channels'"):
        stack_output(None, project)


def test_the_decrypted_config_of_a_stack_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"chaninfra:bucket": {"value": "my-bucket", "secret": True}, "aws:region": {"value": "eu-central-1"}}
    monkeypatch.setenv("FAKE_SAYS", json.dumps(said))
    file = project / "Pulumi.team-prod.yaml"
    assert stack_config(file) == {"chaninfra:bucket": "my-bucket", "aws:region": "eu-central-1"}
    assert asked(project)[1:] == [
        *("config", "--show-secrets", "--json", "--non-interactive", "--stack=team-prod", f"--config-file={file}"),
    ]
    with pytest.raises(ConfigurationError, match=r"name it Pulumi\.<stack>\.yaml"):
        stack_config(project / "stack.yaml")
    monkeypatch.setenv("FAKE_ERROR", "error: passphrase must be set with PULUMI_CONFIG_PASSPHRASE")
    with pytest.raises(ConfigurationError, match="the passphrase of the stack team-prod is missing"):
        stack_config(file)
    monkeypatch.delenv("FAKE_ERROR")
    monkeypatch.setenv("FAKE_SAYS", "[]")
    with pytest.raises(EngineError, match="not the config"):
        stack_config(file)
