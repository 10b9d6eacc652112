"""The page of the channel."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from http.client import HTTPException
from typing import TYPE_CHECKING

from chaninfra.channel.conda.object_names import INDEX_HTML
from chaninfra.channel.objects import StoredObject, get_within
from chaninfra.channel.page.files import has_type, is_ours
from chaninfra.channel.page.put import MAX_FILE, digests_there, page_digests
from chaninfra.channel.probe.finding import Finding
from chaninfra.channel.s3.trust import context_for
from chaninfra.channel.text import shown

if TYPE_CHECKING:
    from chaninfra.doctor.examination import Examination


def page(exam: Examination) -> Iterator[Finding]:
    """The page is there, with what it loads, is that of this chaninfra, and where it is public, a browser gets it."""
    descriptor = exam.descriptor
    if not descriptor.has_page:
        yield Finding(state="ok", found="the channel has no page (`page`)")
        return
    where, put = f"{descriptor.url}/{INDEX_HTML}", exam.remedies.put_page(descriptor)
    stored = get_within(exam.store, descriptor.key(INDEX_HTML), MAX_FILE)
    if stored is None:
        # As of each public channel of an earlier version.
        yield Finding(state="warning", found=f"the channel should have a page, and there is no {where}", remedy=put)
        return
    if not isinstance(stored, StoredObject) or not is_ours(stored.data):
        remedy = f"delete it, and run: {put}; or have no page: {exam.remedies.no_page(descriptor)}"
        found = f"{where} is not a page of chaninfra, so the page of the channel was not put"
        yield Finding(state="warning", found=found, remedy=remedy)
        return
    wanted = page_digests()
    missing = sorted(set(wanted) - set(digests_there(exam.store, descriptor.prefix, wanted)))
    if not has_type(INDEX_HTML, stored.content_type):
        found = f"a browser does not show the page: {where} has the Content-Type {shown(stored.content_type)}"
        yield Finding(state="failed", found=found, remedy=put)
    elif INDEX_HTML in missing:
        yield Finding(state="warning", found=f"{where} is not the page of this version of chaninfra", remedy=put)
    elif missing:
        found = f"the page cannot load what is missing, or differs from what it was made with: {', '.join(missing)}"
        yield Finding(state="failed", found=found, remedy=put)
    elif (problem := _not_served(descriptor.page_url)) is None:
        yield Finding(state="ok", found=f"the page is there: {descriptor.page_url or where}")
    else:
        remedy = "allow everyone to read it, as the other files of the channel; behind a CDN: let it serve the page"
        yield Finding(state="failed", found=problem, remedy=remedy)


def _not_served(url: str | None) -> str | None:
    """What is wrong with what a browser gets from the URL of the page; None: nothing, or the channel is not public."""
    if url is None:
        return None
    try:
        request = urllib.request.Request(url, headers={"User-Agent": "chaninfra", "Accept": "text/html"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10, context=context_for(url)) as answer:  # noqa: S310 (ours)
            if not is_ours(answer.read(MAX_FILE)):
                return f"{url} answers with something else than the page"
            kind = answer.headers.get("Content-Type", "")
    except urllib.error.HTTPError as error:
        return f"a browser gets no page: http {error.code} for {url}"
    except (OSError, HTTPException):
        return f"a browser gets no page: no answer for {url}"
    return None if has_type(INDEX_HTML, kind) else f"a browser does not show the page: {url} is served as {shown(kind)}"
