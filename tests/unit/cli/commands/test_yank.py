"""What `chaninfra yank --notice` prints."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chaninfra.cli.commands.yank import _Request, _text, _Told
from chaninfra.cli.output import notice_readers
from chaninfra.cli.store_flags import StoreFlags
from chaninfra.index.channel import Channel
from chaninfra.index.report import Report
from chaninfra.index.yank import Yanking
from chaninfra.index.yank_notices import message_about
from support.channels.channels import descriptor

PATH = "noarch/hello-1.0-0.conda"


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_text_that_users_will_read_is_shown(*, dry_run: bool) -> None:
    tells = "a notice would tell users" if dry_run else "notice {id}: tells users"
    request = _Request(None, StoreFlags(), ["hello"], [], "yanked", tells, "", dry_run=dry_run, as_json=False)
    # Braces are not those of a format.
    message = message_about([PATH], "loses {data}")
    done = Yanking(changed=(PATH,), already=(), report=Report.of([]))
    lines = _text(done, _Told(("n1",), message), request).splitlines()
    said = "Yanked: hello-1.0-0.conda. Reason: loses {data}. Update environments that have it."
    assert f"{tells.format(id='n1')}: {said}" in lines


@pytest.mark.parametrize(("public_url", "told"), [(None, True), ("https://conda.example.com/c", False)])
def test_who_does_not_show_notices_is_told(public_url: Any, capsys: pytest.CaptureFixture[str], *, told: bool) -> None:
    opened = Channel(descriptor=msgspec.structs.replace(descriptor(), public_url=public_url), credentials=None)
    notice_readers.tell(opened)
    assert ("by s3:// only conda shows them" in capsys.readouterr().err) is told
