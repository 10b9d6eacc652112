"""The page of the stores that people run themselves has each of them, and each capability."""

from __future__ import annotations

import re

import docs_stores
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.providers.model import CAPABILITIES
from docs_own_store import own_store

# LocalStack is for trying things and keeps nothing; any other store is not one of one's own alone.
_OTHERS = {"localstack", "custom"}


def test_each_store_without_an_endpoint_of_its_own_has_a_section_that_the_table_links() -> None:
    assert {*docs_stores.NAMES} == {row.name for row in PROVIDERS.values() if row.endpoint.value is None} - _OTHERS
    page = own_store()
    headings = re.findall(r"^### (.+)$", page, re.MULTILINE)
    for name in docs_stores.NAMES:
        title = PROVIDERS[name].title
        assert title in headings
        assert f"| [{title}](#{title.lower().replace(' ', '-')}) |" in page


def test_each_capability_is_said_of_each_store() -> None:
    assert {*docs_stores.USES} | {"conditional-create", "conditional-replace"} == {*CAPABILITIES}
    parts = docs_stores.sections().split("\n### ")
    for part in parts:
        said = [use for use in docs_stores.USES.values() if re.search(rf"^- {re.escape(use)}(:|$)", part, re.MULTILINE)]
        assert len(said) == len(docs_stores.USES), part[:40]
