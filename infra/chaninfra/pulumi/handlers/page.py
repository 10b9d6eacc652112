"""The page of a channel, see `channel.page.put`. It is made of nothing but files of chaninfra, so it is deleted with an
adopted channel, too, and when `page` is turned off."""

from __future__ import annotations

from typing import TypedDict

from chaninfra.channel.errors import BucketMissingError
from chaninfra.channel.location import join
from chaninfra.channel.page.put import digests_there, own_asset_keys, page_digests, put_page, why_held
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Handler, warn
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.deletion import purge_object, purge_page


class PageProps(TypedDict):
    """`contents`: name of each file, relative to the channel → sha256 of its bytes: as an input, of the files that this
    chaninfra has, so that an upgrade puts its page; as an output, of those of them that are in the store."""

    store: StoreInput
    prefix: str
    contents: dict[str, str]


class PageHandler(Handler[PageProps, PageProps]):
    """Puts the page, and deletes it."""

    identity = ("prefix",)

    def create(self, props: PageProps) -> tuple[str, PageProps]:
        """Puts the files that are missing or differ. Warns of files of others, which stay as they are."""
        put = put_page(self.session.objects, props["prefix"])
        where = join(self.session.location.bucket, props["prefix"])
        for name in put.held:
            warn(
                f"{why_held(f's3://{where}', name)}. Delete it and run `pulumi up` again to have the page; or set "
                "`page` to false"
            )
        return f"{where}/page", self._there({**props, "contents": page_digests()})

    def read(self, props: PageProps) -> PageProps | None:
        """The files that are there as they were put; None if none is, or the bucket is missing."""
        try:
            found = self._there(props)
        except BucketMissingError:
            return None
        return found if found["contents"] else None

    def update(self, olds: PageProps, news: PageProps) -> PageProps:
        """Puts the files that are missing or differ. The assets of the page before stay."""
        return self.create(news)[1]

    def delete(self, props: PageProps) -> None:
        """Deletes the page, and the assets of the pages before it; files of others stay, and their old versions."""
        if exists(self.session):
            purge_page(self.session, props["prefix"])
            for key in [*own_asset_keys(self.session.objects, props["prefix"])]:
                purge_object(self.session, key)

    def _there(self, props: PageProps) -> PageProps:
        return {**props, "contents": digests_there(self.session.objects, props["prefix"], props["contents"])}
