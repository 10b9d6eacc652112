"""The settings of a bucket that the stack made: those that are declared, and no other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.pulumi.bucket_config import Document, canned_acl, holds
from chaninfra.pulumi.handlers.base import Operations, Props
from chaninfra.pulumi.handlers.bucket import exists


@dataclass(frozen=True)
class _Setting:
    """The calls of a setting; `argument` holds its document when it is put."""

    get: str
    put: str
    argument: str
    delete: str | None
    """None: it is put with the document `without`."""
    absent: str = ""
    """The error of a store where it is not set."""
    without: Document | str | None = None
    said: Callable[[Document], Any] | None = None
    """What was put, by what the store answers; None: its answer holds it."""


_SETTINGS = {
    "versioning": _Setting(
        "get_bucket_versioning",
        "put_bucket_versioning",
        "VersioningConfiguration",
        None,
        # A bucket that had versions keeps them, and makes no more.
        without={"Status": "Suspended"},
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
    "acl": _Setting("get_bucket_acl", "put_bucket_acl", "ACL", None, without="private", said=canned_acl),
    "tags": _Setting("get_bucket_tagging", "put_bucket_tagging", "Tagging", "delete_bucket_tagging", "NoSuchTagSet"),
}


class SettingsOperations(Operations):
    """Inputs: store, settings (name → document)."""

    def create(self, props: Props) -> tuple[str, Props]:
        """Puts each."""
        self.update({**props, "settings": {}}, props)
        return f"{self.session.location.bucket}/settings", props

    def read(self, props: Props) -> Props | None:
        """Those that are declared, as the store has them; one that says the declared reads the same."""
        if not exists(self.session):
            return None
        found: dict[str, Any] = {}
        for name, wanted in props["settings"].items():
            there = self._get(name)
            found[name] = wanted if holds(there, wanted) else there
        return {**props, "settings": found}

    def update(self, olds: Props, news: Props) -> Props:
        """Puts those that differ, and takes back those that are declared no more."""
        before, wanted = olds["settings"], news["settings"]
        for name in sorted(set(before) - set(wanted)):
            self._take_back(name)
        for name in sorted(wanted):
            if before.get(name) != wanted[name]:
                document = _whole_numbers(wanted[name])
                self._call(_SETTINGS[name].put, f"set the {name} of", {_SETTINGS[name].argument: document})
        return news

    def delete(self, props: Props) -> None:
        """Takes back all of them."""
        if exists(self.session):
            for name in sorted(props["settings"]):
                self._take_back(name)

    def _get(self, name: str) -> Any:
        setting = _SETTINGS[name]
        answer = self._call(setting.get, f"read the {name} of", {}, setting.absent)
        if answer is None:
            return None
        if setting.said is not None:
            return setting.said(answer)
        answer.pop("ResponseMetadata", None)
        return answer.get(setting.argument, answer)

    def _take_back(self, name: str) -> None:
        setting = _SETTINGS[name]
        doing = f"take back the {name} of"
        if setting.delete is None:
            self._call(setting.put, doing, {setting.argument: setting.without})
        else:
            self._call(setting.delete, doing, {})

    def _call(self, method: str, doing: str, arguments: dict[str, Any], absent: str = "") -> dict[str, Any] | None:
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


def _whole_numbers(value: Any) -> Any:
    """The same with whole numbers as ints: the engine knows floats only."""
    if isinstance(value, dict):
        return {name: _whole_numbers(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
