"""The declared settings of a bucket that the stack made. Settings that are not declared are not touched."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypedDict

from botocore.exceptions import ClientError

from chaninfra.channel.errors import StorageError, UnsupportedError
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.bucket_config import Document, canned_acl, holds, versioning
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Handler, with_integers
from chaninfra.pulumi.handlers.bucket import exists
from chaninfra.pulumi.handlers.kept import change_and_read_back

# No object ever has this key: an upload to it is begun and aborted.
_TRIAL = ".chaninfra/encryption-trial"
_WITHOUT_ENCRYPTION = frozenset({400, 405, 500, 501})
"""The statuses with which stores answer an encrypted upload that they cannot encrypt."""


class BucketSettingsInputs(TypedDict):
    """`settings`: name → the document of the S3 API, and for `acl` the canned ACL; see `bucket_config`."""

    store: StoreInput
    settings: dict[str, Any]


@dataclass(frozen=True)
class _Setting:
    """The boto3 calls for one setting."""

    get: str
    put: str
    argument: str
    """Name of the argument of `put` that holds the document."""
    delete: str | None
    """None: the setting is removed by `put` with the document `default`."""
    absent: str = ""
    """Error code of `get` for a bucket without the setting."""
    default: Document | str | None = None
    from_answer: Callable[[Document], Any] | None = None
    """The document from an answer of `get`; None: the answer contains it."""


_SETTINGS = {
    "versioning": _Setting(
        "get_bucket_versioning",
        "put_bucket_versioning",
        "VersioningConfiguration",
        None,
        default=versioning(enabled=False),
        # A bucket that never had versions may have no status.
        from_answer=lambda answer: {"Status": answer.get("Status", "Suspended")},
    ),
    "encryption": _Setting(
        "get_bucket_encryption",
        "put_bucket_encryption",
        "ServerSideEncryptionConfiguration",
        "delete_bucket_encryption",
        "ServerSideEncryptionConfigurationNotFoundError",
    ),
    "lifecycle": _Setting(
        "get_bucket_lifecycle_configuration",
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        "delete_bucket_lifecycle",
        "NoSuchLifecycleConfiguration",
    ),
    "cors": _Setting(
        "get_bucket_cors",
        "put_bucket_cors",
        "CORSConfiguration",
        "delete_bucket_cors",
        "NoSuchCORSConfiguration",
    ),
    "acl": _Setting("get_bucket_acl", "put_bucket_acl", "ACL", None, default="private", from_answer=canned_acl),
    "tags": _Setting("get_bucket_tagging", "put_bucket_tagging", "Tagging", "delete_bucket_tagging", "NoSuchTagSet"),
}


class BucketSettingsHandler(Handler[BucketSettingsInputs, BucketSettingsInputs]):
    """Puts the declared settings, one after the other, and reads each back: see `kept`."""

    def create(self, props: BucketSettingsInputs) -> tuple[str, BucketSettingsInputs]:
        """Puts each declared setting."""
        self.update({**props, "settings": {}}, props)
        return f"{self.session.location.bucket}/settings", props

    def read(self, props: BucketSettingsInputs) -> BucketSettingsInputs | None:
        """The declared settings as the store has them; as declared where the store's answer contains that."""
        if not exists(self.session):
            return None
        settings: dict[str, Any] = {}
        for name, wanted in props["settings"].items():
            actual = self._get(name)
            settings[name] = wanted if holds(actual, wanted) else actual
        return {**props, "settings": settings}

    def update(self, olds: BucketSettingsInputs, news: BucketSettingsInputs) -> BucketSettingsInputs:
        """Puts the settings that changed, and removes those that are no longer declared."""
        before, wanted = olds["settings"], news["settings"]
        for name in sorted(set(before) - set(wanted)):
            self._remove(name)
        for name in sorted(wanted):
            if before.get(name) != wanted[name]:
                self._put(name, with_integers(wanted[name]))
        return news

    def delete(self, props: BucketSettingsInputs) -> None:
        """Removes all declared settings."""
        if exists(self.session):
            for name in sorted(props["settings"]):
                self._remove(name)

    def _get(self, name: str) -> Any:
        setting = _SETTINGS[name]
        answer = self._call(setting.get, f"read the {name} of", {}, setting.absent)
        if answer is None:
            return None
        if setting.from_answer is not None:
            return setting.from_answer(answer)
        answer.pop("ResponseMetadata", None)
        return answer.get(setting.argument, answer)

    def _put(self, name: str, document: Any, doing: str = "set") -> None:
        setting = _SETTINGS[name]
        if name == "encryption":
            self._check_encrypts()
        change_and_read_back(
            self.session.location,
            name,
            lambda: self._call(setting.put, f"{doing} the {name} of", {setting.argument: document}),
            lambda: holds(self._get(name), document),
        )

    def _remove(self, name: str) -> None:
        setting = _SETTINGS[name]
        if setting.delete is None:
            self._put(name, setting.default, "remove")
            return
        # Ceph takes the deletion of a setting that it does not have for that of the bucket.
        if _is_empty(self._get(name)):
            return
        delete = setting.delete
        change_and_read_back(
            self.session.location,
            name,
            lambda: self._call(delete, f"remove the {name} of", {}),
            lambda: _is_empty(self._get(name)),
        )

    def _check_encrypts(self) -> None:
        """Raises UnsupportedError if the store cannot encrypt an object. SeaweedFS takes the setting also without a key
        for it, and then fails with every PUT."""
        client, location = self.session.client, self.session.location
        bucket = location.bucket
        try:
            with translating_errors(location, "begin an encrypted upload to"):
                begun = client.create_multipart_upload(Bucket=bucket, Key=_TRIAL, ServerSideEncryption="AES256")
        except StorageError as error:
            if error.status not in _WITHOUT_ENCRYPTION:
                raise
            self._abort_trials()
            raise UnsupportedError(
                f"the store does not encrypt objects of s3://{bucket} with its own key: to an upload with "
                f"SSE-S3 it answered {error.status} {error.code}".rstrip()
                + "; the encryption was not set",
                where=location.endpoint_url,
                remedy="remove `encryption`; or give the server a key, for example SeaweedFS by `s3.sse.key` in "
                "security.toml or WEED_S3_SSE_KEY, and run `pulumi up` again",
                code=error.code,
                status=error.status,
            ) from None
        with translating_errors(location, "abort an upload to"):
            client.abort_multipart_upload(Bucket=bucket, Key=_TRIAL, UploadId=begun["UploadId"])

    def _abort_trials(self) -> None:
        """Aborts the encrypted uploads that the store began all the same, as SeaweedFS does before its error."""
        client, bucket = self.session.client, self.session.location.bucket
        # A store that does not list uploads is not known to begin one either.
        with suppress(ClientError):
            for upload in client.list_multipart_uploads(Bucket=bucket, Prefix=_TRIAL).get("Uploads", ()):
                # A store may not heed the prefix, and these are the uploads of others.
                if upload["Key"] == _TRIAL:
                    client.abort_multipart_upload(Bucket=bucket, Key=_TRIAL, UploadId=upload["UploadId"])

    def _call(self, method: str, doing: str, arguments: dict[str, Any], absent: str = "") -> dict[str, Any] | None:
        """The answer; None if it is the error code `absent`."""
        with translating_errors(self.session.location, doing):
            try:
                answer: dict[str, Any] = getattr(self.session.client, method)(
                    Bucket=self.session.location.bucket, **arguments
                )
            except ClientError as error:
                if absent and code_and_status(error)[0] == absent:
                    return None
                raise
        return answer


def _is_empty(answer: Document | None) -> bool:
    """Whether a store's answer says that there is no such setting: some answer with an empty list."""
    return not any((answer or {}).values())
