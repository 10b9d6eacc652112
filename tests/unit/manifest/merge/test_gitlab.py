"""GitLab jobs that inherit: nothing of what they have from `default` and `extends` is lost or replaced."""

from __future__ import annotations

import pytest
import yaml

from chaninfra.manifest.merge.syntax import MergeError
from support.cases.manifests import access
from support.cases.merging import into_yaml, is_kept

DEFAULT = """default:
  image: theirs
  before_script: [echo theirs]
  id_tokens: {THEIRS: {aud: x}}
"""
JOB = "test:\n  script: [make]\n"
BASE = ".base:\n  image: theirs\n  script: [make]\n  rules: [{if: $X}]\n"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("default:\n  before_script: [echo]\n" + JOB, "before_script"),
        ("before_script: [echo]\n" + JOB, "before_script"),
        (".base:\n  before_script: [echo]\n" + JOB + "  extends: .base\n", "before_script"),
        (".base:\n  before_script: [echo]\n.more:\n  extends: .base\n" + JOB + "  extends: [.more]\n", "before_script"),
        ("include: [x.yml]\n" + JOB + "  extends: .of-x\n", "before_script"),
        ("default:\n  id_tokens: {THEIRS: {aud: x}}\n" + JOB, "id_tokens"),
        (".a: {extends: .b}\n.b: {extends: .a}\n" + JOB + "  extends: .a\n", "before_script"),
    ],
)
def test_what_a_job_inherits_is_not_replaced(text: str, key: str) -> None:
    """GitLab takes such a key from the job alone, if the job has it."""
    with pytest.raises(MergeError, match="would replace") as caught:
        into_yaml(text, access("aws"), name="gitlab")
    assert caught.value.key == ("test", key)
    assert "write out" in str(caught.value.remedy)
    assert "AWS_ID_TOKEN" in str(caught.value.remedy)


@pytest.mark.parametrize(
    "text",
    [
        DEFAULT + JOB + "  inherit: {default: false}\n",
        DEFAULT + JOB + "  inherit: {default: [image]}\n",
        DEFAULT + JOB + "  before_script: []\n  id_tokens: {}\n",
        JOB.replace("  script: [make]\n", "  extends: .base\n") + BASE,
    ],
)
def test_a_job_gets_the_login_and_keeps_what_it_inherits(text: str) -> None:
    found = into_yaml(text, access("aws"), name="gitlab")
    jobs = yaml.safe_load(found)
    job = jobs["test"]
    assert job["variables"]["AWS_REGION"] == "eu-central-1"
    assert "AWS_ID_TOKEN" in job["id_tokens"]
    assert "AWS_ID_TOKEN" in job["before_script"][-1]
    before = yaml.safe_load(text)
    assert {name: jobs[name] for name in before if name != "test"} == {
        name: value for name, value in before.items() if name != "test"
    }
    inherits_image = "image" in str(before["test"].get("inherit")) or "inherit" not in before["test"]
    assert ("image" in job) is not inherits_image
    if "extends" in job:
        assert not {"script", "rules"} & job.keys()
    else:
        assert job["script"] == ["make"]


def test_a_public_channel_needs_no_login() -> None:
    text = DEFAULT + JOB
    found = into_yaml(text, access("aws", "public"), name="gitlab")
    assert found == text
    assert is_kept(text, found)
