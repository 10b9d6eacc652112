"""The object store of one bucket, by obstore: get, head, list, put with conditions, delete.

A key that does not exist is an answer (None). Every other failure is an error, see `error_codes`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import obstore
from obstore.exceptions import BaseError, InvalidPathError
from obstore.store import S3Store as ObstoreS3

from chaninfra.channel.errors import (
    ChaninfraError,
    ChecksumRequiredError,
    ConfigurationError,
    ConflictError,
    StorageError,
)
from chaninfra.channel.location import Location
from chaninfra.channel.objects import (
    SMALL,
    Condition,
    IfAbsent,
    IfMatch,
    ObjectBody,
    ObjectMeta,
    StoredObject,
    TooLargeError,
    get_within,
)
from chaninfra.channel.s3.any_key import folders_in, list_after, with_etag
from chaninfra.channel.s3.credentials import Credentials
from chaninfra.channel.s3.error_codes import ABSENT, error_for, is_missing_call
from chaninfra.channel.s3.http_options import client_options
from chaninfra.channel.s3.obstore_answers import ATTRIBUTES, code_and_status, object_meta
from chaninfra.channel.s3.recreation import recreation_refused
from chaninfra.channel.s3.trust import AWS

# It is the sha256 that is computed for the signature anyway.
_WITH_CHECKSUMS: dict[str, Any] = {"checksum_algorithm": "sha256"}
_ONE_BY_ONE: dict[str, Any] = {"disable_bulk_delete": True}
_PART = 64 << 10
"""Least bytes of a part of a stream, but for the last one."""


class S3Store:
    """An ObjectStore on an S3 endpoint, by obstore's synchronous calls; safe to use from several threads."""

    def __init__(self, location: Location, credentials: Credentials | None) -> None:
        """`credentials` None: requests are not signed. Raises ConfigurationError for virtual-host on an IP address."""
        if not location.force_path_style and not location.supports_virtual_host:
            # obstore would panic.
            raise ConfigurationError(
                "an IP address has no subdomains, so the bucket cannot be part of the host name",
                where=location.endpoint_url,
                remedy="set `force-path-style` to true",
            )
        self.location = location
        self._credentials = credentials
        endpoint = location.endpoint_url if location.force_path_style else location.bucket_url
        # obstore reads settings that it is not given from the environment, so all that change the target are given.
        config: Any = {
            "endpoint": endpoint,
            "aws_endpoint_url_s3": endpoint,
            "region": location.region,
            "virtual_hosted_style_request": not location.force_path_style,
            "s3_express": False,
            "skip_signature": credentials is None,
            "access_key_id": credentials.access_key_id if credentials else "nobody",
            "secret_access_key": credentials.secret_access_key if credentials else "none",
            "token": (credentials.session_token if credentials else None) or "",
        }
        options: Any = {
            "client_options": client_options(endpoint),
            "retry_config": {"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        }

        opening: Any = ObstoreS3
        self._open = partial(opening, location.bucket, **options)
        self._config: Any = {**config, **(_WITH_CHECKSUMS if location.dialect.checksums else {})}
        try:
            self._store = self._open(config=self._config)
        except BaseError as error:
            if "root_certificate" not in options["client_options"]:
                raise
            raise ConfigurationError(
                "one of the CAs is damaged",
                where=AWS,
                remedy=f"set {AWS} to a file of trusted CAs in PEM form, or unset it: unset {AWS}",
            ) from error

    def get(self, key: str, most: int = SMALL) -> StoredObject | None:
        """See ObjectStore."""
        opened = self._opened(key, most)
        if opened is None:
            return None
        result, entry = opened
        try:
            data = bytes(result.bytes())
        except (BaseError, FileNotFoundError) as error:
            raise self._error(error, "read", key) from error
        headers: dict[str, Any] = {
            ATTRIBUTES[name]: value for name, value in result.attributes.items() if name in ATTRIBUTES
        }
        headers.setdefault("content_type", "")
        return StoredObject(data=data, metadata=entry.metadata, entry=entry, **headers)

    def stream(self, key: str, most: int) -> tuple[ObjectMeta, Iterator[bytes]] | None:
        """As `get`, but the bytes come in parts, as the store sends them. The iterator raises StorageError."""
        opened = self._opened(key, most)
        return None if opened is None else (opened[1], self._parts(opened[0], key))

    def _opened(self, key: str, most: int) -> tuple[Any, ObjectMeta] | None:
        try:
            result = obstore.get(self._store, key)
        except (BaseError, FileNotFoundError) as error:
            if code_and_status(error)[0] == ABSENT:
                return None
            raise self._error(error, "read", key) from error
        # The answer's header has the size; its body is read later.
        entry = object_meta(result.meta, result.attributes)
        if entry.size > most:
            raise TooLargeError(entry, most)
        return result, entry

    def _parts(self, result: Any, key: str) -> Iterator[bytes]:
        try:
            for part in result.stream(min_chunk_size=_PART):
                yield bytes(part)
        except (BaseError, FileNotFoundError) as error:
            raise self._error(error, "read", key) from error

    def head(self, key: str) -> ObjectMeta | None:
        """See ObjectStore."""
        try:
            # `obstore.head` does not tell the metadata.
            result = obstore.get(self._store, key, options={"head": True})
            return object_meta(result.meta, result.attributes)
        except (BaseError, FileNotFoundError) as error:
            code, status = code_and_status(error)
            if code or status not in (400, 401, 403, 404):
                raise self._error(error, "look at", key) from error
            # An answer to HEAD has no body, so it does not tell an unknown key, bucket and access key apart.
            found = get_within(self, key, 0)
            return found.entry if isinstance(found, StoredObject) else found

    def get_range(self, key: str, etag: str, start: int, length: int) -> bytes:
        """See ObjectStore."""
        try:
            result = obstore.get(self._store, key, options={"if_match": etag, "range": (start, start + length)})
            return bytes(result.bytes())
        except (BaseError, FileNotFoundError) as error:
            if code_and_status(error)[0] == ABSENT:
                raise ConflictError(f"{key} was deleted meanwhile", remedy="try again") from error
            raise self._error(error, "read", key) from error

    def list(self, prefix: str) -> Iterator[ObjectMeta]:
        """See ObjectStore."""
        last = ""
        try:
            for page in obstore.list(self._store, prefix or None):
                for each in page:
                    last = each["path"]
                    if (entry := with_etag(object_meta(each), self.head)) is not None:
                        yield entry
            return
        except InvalidPathError:
            # obstore has no name for a key like one with `//` or a line end, and gives nothing of its page.
            pass
        except (BaseError, FileNotFoundError) as error:
            raise self._error(error, "list", prefix) from error
        yield from list_after(self.location, self._credentials, prefix, last)

    def folders(self, prefix: str) -> frozenset[str]:
        """The names of the folders directly below the folder `prefix` ("": the bucket), listed without their contents.
        Raises as ObjectStore.
        """
        try:
            keys: Iterable[str] = obstore.list_with_delimiter(self._store, prefix or None)["common_prefixes"]
        except InvalidPathError:
            # As in `list`.
            keys = folders_in(self.location, self._credentials, prefix)
        except (BaseError, FileNotFoundError) as error:
            raise self._error(error, "list", prefix) from error
        return frozenset(key.rpartition("/")[2] for key in keys)

    def put(self, key: str, body: ObjectBody, condition: Condition | None = None) -> str:
        """See ObjectStore."""
        try:
            return self._put_with_checksum(key, body, condition)
        except ConflictError:
            if not isinstance(condition, IfAbsent) or not self._is_absent(key):
                raise
        # It was deleted meanwhile; or the store takes the delete marker of an earlier deletion for an object.
        try:
            return self._put_with_checksum(key, body, condition)
        except ConflictError as error:
            if self._is_absent(key):
                raise recreation_refused(self.location, self._credentials, key) from error
            raise

    def _is_absent(self, key: str) -> bool:
        """Whether the store says that the key does not exist. False where it does not tell."""
        try:
            return self.head(key) is None
        except StorageError:
            return False

    def _put_with_checksum(self, key: str, body: ObjectBody, condition: Condition | None) -> str:
        had_one = self._config.items() >= _WITH_CHECKSUMS.items()
        try:
            return self._put(key, body, condition)
        except ChecksumRequiredError:
            if had_one:
                raise
            # The store did nothing. From now on each PUT has one; those of other threads may be under way without.
            self._reopen(_WITH_CHECKSUMS)
            return self._put(key, body, condition)

    def _put(self, key: str, body: ObjectBody, condition: Condition | None) -> str:
        mode: Any = "overwrite"
        if isinstance(condition, IfMatch):
            unquoted = self.location.dialect.etags == "unquoted"
            mode = {"e_tag": condition.etag.strip('"') if unquoted else condition.etag}
        elif isinstance(condition, IfAbsent):
            mode = "create"
        attributes = {"Content-Type": body.content_type, **body.metadata}
        if body.cache_control:
            attributes["Cache-Control"] = body.cache_control
        try:
            # One request for any size: the ETag of a multipart upload is not the md5.
            result = obstore.put(self._store, key, body.data, mode=mode, attributes=attributes, use_multipart=False)
        except (BaseError, FileNotFoundError) as error:
            raise self._error(error, "write", key) from error
        return str(result["e_tag"])

    def delete(self, keys: Iterable[str]) -> None:
        """See ObjectStore."""
        paths = list(keys)
        if not paths:
            return
        try:
            obstore.delete(self._store, paths)
        except (BaseError, FileNotFoundError) as error:
            if not is_missing_call(*code_and_status(error)) or self._config.items() >= _ONE_BY_ONE.items():
                raise self._error(error, "delete", paths[0]) from error
            # The store has no DeleteObjects.
            self._reopen(_ONE_BY_ONE)
            self.delete(paths)

    def _reopen(self, more: Mapping[str, Any]) -> None:
        config = {**self._config, **more}
        # First the store: another thread that sees this configuration uses a store that has it.
        self._store = self._open(config=config)
        self._config = config

    def _error(self, error: Exception, doing: str, key: str) -> ChaninfraError:
        code, status = code_and_status(error)
        text = str(error)
        # The first line says what happened; the rest dumps obstore's structures.
        detail = text.split("\n", 1)[0].rsplit(" - ", 1)[-1] if status is None else ""
        region = re.search(r"<Region>\s*([A-Za-z0-9-]+)\s*</Region>", text)
        return error_for(
            self.location,
            code,
            status,
            doing=doing,
            key=key,
            detail=detail,
            text=text,
            region=region[1] if region else "",
            anonymous=self._credentials is None,
        )
