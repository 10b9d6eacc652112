"""Doctor and the page of a channel: what is wrong with it is told with what to do, and nothing else fails."""

from __future__ import annotations

import pytest

from chaninfra.channel.page.files import GENERATOR, page_files
from support.channels.channel_at import PREFIX
from support.channels.channels import etags
from support.channels.sick_channels import Diagnosis, Patient, allow_everyone, edit, examine, follow_remedies

pytestmark = pytest.mark.long

HTML = f"{PREFIX}/index.html"
HEADERS = {"ContentType": "text/html; charset=utf-8"}


def test_a_private_channel_has_no_page(copied: Patient) -> None:
    assert examine(copied, "--check", "page").of("page")["found"] == "the channel has no page (`page`)"
    # With one it is there for `chaninfra browse`, and not for everybody.
    edit(copied, page=True)
    ill = examine(copied, "--check", "page")
    assert ill.of("page")["state"] == "warning"
    assert "--visibility private" in ill.of("page")["remedy"]
    well = run_remedy(ill, copied)
    assert well.of("page")["found"] == f"the page is there: {copied.url}/index.html"


def test_the_page_of_a_public_channel(copied: Patient) -> None:
    url = f"{copied.server.endpoint_url}/{copied.bucket}/{PREFIX}"
    edit(copied, visibility="public", auth="public", public_url=url)
    allow_everyone(copied, "s3:GetObject", "s3:ListBucket")
    client, bucket = copied.server.client(), copied.bucket

    def put(key: str, data: bytes, **headers: str) -> None:
        client.put_object(Bucket=bucket, Key=key, Body=data, **{**HEADERS, **headers})

    ill = examine(copied)
    assert (ill.failed, ill.of("page")["state"]) == (set(), "warning")
    assert ill.of("page")["found"] == f"the channel should have a page, and there is no {copied.url}/index.html"
    well = run_remedy(ill, copied)
    assert (well.states, well.of("page")["found"]) == ({"ok"}, f"the page is there: {url}/index.html")

    put(HTML, b"<html>%s" % GENERATOR)
    ill = examine(copied, "--check", "page")
    assert ill.of("page")["found"] == f"{copied.url}/index.html is not the page of this version of chaninfra"
    assert run_remedy(ill, copied).states == {"ok"}

    asset = next(file.name for file in page_files() if file.name.endswith(".js"))
    client.delete_object(Bucket=bucket, Key=f"{PREFIX}/{asset}")
    ill = examine(copied, "--check", "page")
    assert ill.failed == {"page"}
    assert ill.of("page")["found"].endswith(f"or differs from what it was made with: {asset}")
    assert follow_remedies(ill, copied).states == {"ok"}

    # Nobody calls the page and the summaries strangers or garbage.
    put(f"{PREFIX}/noarch/summaries/hello.json", b"{}")
    before = etags(copied.server, bucket)
    copied.done("gc")
    copied.done("reindex")
    assert etags(copied.server, bucket).items() >= {key: before[key] for key in before if _of_page(key)}.items()
    assert examine(copied).states == {"ok"}

    # As a copy by some tools makes it.
    put(HTML, client.get_object(Bucket=bucket, Key=HTML)["Body"].read(), ContentType="application/octet-stream")
    ill = examine(copied, "--check", "page")
    assert ill.failed == {"page"}
    assert f"{copied.url}/index.html has the Content-Type 'application/octet-stream'" in ill.of("page")["found"]
    assert follow_remedies(ill, copied).states == {"ok"}

    put(HTML, b"<html>conda-index")
    ill = examine(copied, "--check", "page")
    assert ill.of("page")["state"] == "warning"
    assert "is not a page of chaninfra" in ill.of("page")["found"]
    assert ill.of("page")["remedy"].startswith("delete it, and run: chaninfra init ")
    _, _, command = ill.of("page")["remedy"].partition("or have no page: ")
    _, *words = command.split()
    done = copied.program.run(*words, "--dry-run", server=copied.server)
    assert (done.returncode, f"{PREFIX}/channel.json: would be written" in done.stdout) == (0, True), done.stderr
    assert "index.html: would be deleted" not in done.stdout
    # The remedy of one that cannot be put says why.
    done = copied.program.run(*[word for word in words if word != "--no-page"], server=copied.server)
    assert "is not a page of chaninfra" in done.stderr
    assert "delete it and run this again to have the page; or give --no-page" in done.stderr
    client.delete_object(Bucket=bucket, Key=HTML)

    # What only the key of the doctor may read is not there for a browser.
    assert run_remedy(examine(copied, "--check", "page"), copied).states == {"ok"}
    client.delete_bucket_policy(Bucket=bucket)
    ill = examine(copied, "--check", "page")
    assert ill.failed >= {"anonymous"}
    assert ill.of("page")["state"] == "skipped"


def _of_page(key: str) -> bool:
    return key == HTML or "/assets/" in key or "/summaries/" in key


def run_remedy(ill: Diagnosis, patient: Patient) -> Diagnosis:
    """Run the remedy of the check `page`, which must be a command, and the doctor again."""
    words = ill.of("page")["remedy"].split()
    assert words[:2] == ["chaninfra", "init"], words
    done = patient.program.run(*words[1:], server=patient.server)
    assert done.returncode == 0, done.stderr
    return examine(patient)
