"""Our notifications of a bucket, known by their ids, for the followers of its channels. Those of others stay."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, TypedDict
from urllib.parse import quote

from botocore.exceptions import ClientError

from chaninfra.channel.errors import StorageError, UnsupportedError
from chaninfra.channel.outputs.follow_steps import server_settings, target_id
from chaninfra.channel.providers import PROVIDERS
from chaninfra.channel.s3.boto import code_and_status, translating_errors
from chaninfra.channel.s3.error_codes import is_missing_call, message_in
from chaninfra.channel.text import shown
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.handlers.base import Difference, Handler
from chaninfra.pulumi.handlers.kept import change_and_read_back
from chaninfra.pulumi.notifications import Document, Notification, document, equivalent, found_in, merged
from chaninfra.pulumi.signed_request import send

# MinIO's answers for a target that is not on the server, or not in its region, and Ceph's for a missing topic.
_NO_TARGET = frozenset({"InvalidArgument", "UnsupportedNotification", "NoSuchKey"})


class NotificationsInputs(TypedDict):
    """`notifications` are ours alone; `provider` is the name of the store's row in PROVIDERS."""

    store: StoreInput
    provider: str
    notifications: list[Notification]


class NotificationsHandler(Handler[NotificationsInputs, NotificationsInputs]):
    """Puts our notifications among the others of the bucket, and reads them back: see `kept`."""

    def diff(self, olds: NotificationsInputs, news: NotificationsInputs) -> Difference:
        """Notifications are compared by their meaning, since stores rewrite them."""
        plain = self.difference(olds, news, ignore=("notifications",))
        same = equivalent(olds["notifications"], news["notifications"])
        return Difference(plain.changes or not same, plain.replaces)

    def create(self, props: NotificationsInputs) -> tuple[str, NotificationsInputs]:
        """Puts our notifications. Those of a stack whose state was lost have the same ids, and are replaced."""
        self._replace(props, props["notifications"], [])
        return f"{self.session.location.bucket}/notifications", props

    def read(self, props: NotificationsInputs) -> NotificationsInputs | None:
        """Ours as the store has them, in our spelling if the meaning is the same; None if all are missing."""
        answer = self._get()
        found = [] if answer is None else found_in(answer, _ids(props["notifications"]))
        if not found:
            return None
        return props if equivalent(found, props["notifications"]) else {**props, "notifications": found}

    def update(self, olds: NotificationsInputs, news: NotificationsInputs) -> NotificationsInputs:
        """Puts the new ones, and removes those that are no longer declared."""
        self._replace(news, news["notifications"], olds["notifications"])
        return news

    def delete(self, props: NotificationsInputs) -> None:
        """Removes ours."""
        if self._get() is not None:
            self._replace(props, [], props["notifications"])

    def _replace(self, props: NotificationsInputs, ours: list[Notification], before: list[Notification]) -> None:
        ids = _ids([*ours, *before])
        change = {"whole-list": self._put_all, "by-id": self._change_each}[
            PROVIDERS[props["provider"]].notification_change.value
        ]

        def is_there() -> bool:
            return equivalent(found_in(self._get() or {}, ids), ours)

        if not is_there():
            change_and_read_back(
                self.session.location, "notifications", lambda: change(props["provider"], ours, ids), is_there
            )

    def _put_all(self, provider: str, ours: list[Notification], ids: Collection[str]) -> None:
        """Where a PUT replaces all of the bucket."""
        self._put(provider, ours, merged(self._get() or {}, ours, ids))

    def _change_each(self, provider: str, ours: list[Notification], ids: Collection[str]) -> None:
        """Where a PUT adds: of an id whose target changed there would be two, so what differs is deleted before."""
        found = found_in(self._get() or {}, ids)
        for each in found:
            if not any(equivalent([each], [wanted]) for wanted in ours):
                self._delete(each["id"])
        if missing := [each for each in ours if not any(equivalent([each], [there]) for there in found)]:
            self._put(provider, missing, document(missing))

    def _get(self) -> Document | None:
        """The answer of GetBucketNotificationConfiguration; None if there is no such bucket."""
        with translating_errors(self.session.location, "read the notifications of"):
            try:
                answer: Any = self.session.client.get_bucket_notification_configuration(
                    Bucket=self.session.location.bucket
                )
            except ClientError as error:
                code, status = code_and_status(error)
                if code == "NoSuchBucket":
                    return None
                if is_missing_call(code, status):
                    raise self._unsupported(code, status) from error
                raise
        return dict(answer)

    def _put(self, provider: str, ours: list[Notification], configuration: Any) -> None:
        location = self.session.location
        with translating_errors(location, "set the notifications of"):
            try:
                self.session.client.put_bucket_notification_configuration(
                    Bucket=location.bucket, NotificationConfiguration=configuration
                )
            except ClientError as error:
                code, status = code_and_status(error)
                if ours and code in _NO_TARGET:
                    raise self._no_target(provider, ours, code, status, str(error)) from error
                if is_missing_call(code, status):
                    raise self._unsupported(code, status) from error
                raise

    def _delete(self, id_: str) -> None:
        """Deletes one: an extension of Ceph, DELETE /BUCKET?notification=ID."""
        url = f"{self.session.location.bucket_url}?notification={quote(id_, safe='')}"
        send(self.session, "DELETE", url, doing="remove a notification of")

    def _no_target(self, provider: str, ours: list[Notification], code: str, status: int, text: str) -> StorageError:
        row, location = PROVIDERS[provider], self.session.location
        targets = sorted({each["target"] for each in ours})
        lines = [line for arn in targets for line in server_settings(row, location, target_id(arn))]
        settings = "; ".join(lines).replace(":; ", ": ")
        said = message_in(text)
        answer = f"{code}, {shown(said)}" if said not in ("", "None") else code
        return StorageError(
            f"the store does not take {' and '.join(targets)} as a target of events: it answered {answer}",
            where=location.endpoint_url,
            remedy=f"if the server does not have it yet, {settings}; then run `pulumi up` again (SECRET is that of the "
            "follower); else correct `index.follow.target`",
            code=code,
            status=status,
        )

    def _unsupported(self, code: str, status: int) -> UnsupportedError:
        return UnsupportedError(
            f"the store has no notifications of buckets ({code or status})",
            where=self.session.location.endpoint_url,
            remedy="remove `index.follow.target`, and let the follower list: chaninfra follow CHANNEL --every 30s",
            code=code,
            status=status,
        )


def _ids(notifications: list[Notification]) -> set[str]:
    return {each["id"] for each in notifications}
