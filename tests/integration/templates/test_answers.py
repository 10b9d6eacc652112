"""The questions of `pulumi new`, answered on a terminal: what is asked, and what is said of wrong answers."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from chaninfra.channel.errors import ConfigurationError
from chaninfra.channel.spec.stack_file import read_stack_file
from support.channels.terminal import OnTerminal
from support.pulumi import templates

pytestmark = pytest.mark.long

NAME = "s3-compatible"
SECRET = "typed-and-never-shown"


def answered(variables: dict[str, str], folder: Path, answers: dict[str, str]) -> tuple[Path, str]:
    """The project that `pulumi new` makes of the template with these answers, by config key ("" is Enter alone), and
    what the terminal showed.
    """
    # Pulumi asks in the order of the alphabet.
    keys = sorted(templates.project(NAME)["template"]["config"])
    command = ["pulumi", "new", f"{templates.FOLDER}/{NAME}", "--dir", str(folder / "acme")]
    # The environment that it makes is whole but for the packages of others, which would be downloaded again.
    terminal = OnTerminal(command, {**variables, "TERM": "xterm", "PIP_NO_DEPS": "1"}, columns=200, cwd=folder)
    questions = ["Project name", "Project description", "Stack name", *(f"({key})" for key in keys)]
    typed = ["acme", "", "prod", *(answers.get(key, "") for key in keys)]
    seen = 0
    for question, answer in zip(questions, typed, strict=True):
        terminal.read_until(lambda question=question, seen=seen: question in terminal.plain[seen:])  # type: ignore[misc]
        seen = terminal.plain.index(question, seen) + len(question)
        terminal.type(f"{answer}\r")
    assert terminal.wait(300) == 0, terminal.plain
    return folder / "acme", terminal.plain


def told(settings: Path) -> str:
    """What is said of the stack file."""
    with pytest.raises(ConfigurationError) as caught:
        read_stack_file(settings)
    assert settings.name in str(caught.value)
    return str(caught.value)


def test_each_question_is_answered_and_a_wrong_answer_is_told_by_its_key(shell: dict[str, str], tmp_path: Path) -> None:
    answers = {
        "provider": "mino",
        "endpoint-url": "minio.example.com",
        "prefix": "main/linux-64",
        "access-key-id": "AKEXAMPLE",
        "secret-access-key": SECRET,
    }
    project, shown = answered(shell, tmp_path, answers)
    assert SECRET not in shown
    settings = project / "Pulumi.prod.yaml"
    # Each is corrected as it is told.
    for key, wrong, right in (
        ("bucket", "`bucket` is not set\n  run: pulumi config set bucket NAME --stack prod", "My Bucket"),
        ("endpoint-url", "write https://minio.example.com, or with http://", ""),
        ("endpoint-url", "key endpoint-url: '' is not a valid endpoint URL", "https://minio.example.com"),
        ("provider", "key provider: 'mino' is not known\n  did you mean 'minio'?", "minio"),
        ("bucket", "key bucket: 'My Bucket' is not valid\n  Name of the bucket: 3 to 63 lower-case", "my-bucket"),
        ("prefix", "key prefix: the prefix 'main/linux-64' ends in 'linux-64'", "main"),
    ):
        assert wrong in told(settings)
        command = ["pulumi", "config", "set", key, right, "--stack", "prod"]
        subprocess.run(command, cwd=project, env=shell, check=True, timeout=60)
    config = YAML(typ="safe").load(settings.read_text("utf-8"))["config"]
    written = {key.removeprefix("acme:"): value for key, value in config.items()}
    assert written.pop("secret-access-key").keys() == {"secure"}
    # What was left empty, the region, is not in the file.
    right_answers = {"provider": "minio", "endpoint-url": "https://minio.example.com", "bucket": "my-bucket"}
    assert written == {**right_answers, "prefix": "main", "access-key-id": "AKEXAMPLE"}
    assert read_stack_file(settings).channels[0].prefix == "main"
