"""The questions of `pulumi new`, answered on a terminal: what is asked, and what is said of wrong answers."""

from __future__ import annotations

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


def test_each_question_is_asked_and_the_stack_file_has_the_answers(shell: dict[str, str], tmp_path: Path) -> None:
    answers = {
        "endpoint-url": "https://minio.example.com",
        "bucket": "my-bucket",
        "access-key-id": "AKEXAMPLE",
        "secret-access-key": SECRET,
    }
    project, shown = answered(shell, tmp_path, answers)
    config = YAML(typ="safe").load((project / "Pulumi.prod.yaml").read_text("utf-8"))["config"]
    plain = {key: value for key, value in answers.items() if key != "secret-access-key"}
    written = {key.removeprefix("acme:"): value for key, value in config.items()}
    assert written.pop("secret-access-key").keys() == {"secure"}
    # What was left empty is not in the file; what has a default has it.
    assert written == {**plain, "provider": "minio", "prefix": "main"}
    assert SECRET not in shown
    assert read_stack_file(project / "Pulumi.prod.yaml").bucket.location.endpoint_url == "https://minio.example.com"


@pytest.mark.parametrize(
    ("key", "wrong", "says"),
    [
        ("provider", "mino", "key provider: 'mino' is not known\n  did you mean 'minio'?"),
        ("endpoint-url", "minio.example.com", "write https://minio.example.com"),
        ("endpoint-url", "", "MinIO needs an endpoint\n  set `endpoint-url`"),
        ("bucket", "My Bucket", "key bucket: 'My Bucket' is not valid\n  Name of the bucket: 3 to 63 "),
        ("bucket", "", "`bucket` is not set\n  run: pulumi config set bucket NAME --stack prod"),
        ("prefix", "main/linux-64", "key prefix: the prefix 'main/linux-64' ends in 'linux-64'"),
    ],
)
def test_a_wrong_answer_is_told_by_its_key(
    key: str, wrong: str, says: str, shell: dict[str, str], tmp_path: Path
) -> None:
    answers = {"endpoint-url": "https://minio.example.com", "bucket": "my-bucket", key: wrong}
    project, _ = answered(shell, tmp_path, answers)
    with pytest.raises(ConfigurationError) as caught:
        read_stack_file(project / "Pulumi.prod.yaml")
    assert says in str(caught.value)
    assert "Pulumi.prod.yaml" in str(caught.value)
