"""aws:sqs/queue:Queue and aws:sqs/queuePolicy:QueuePolicy."""

from typing import Any

from support.pulumi.standin.policies import as_written
from support.pulumi.standin.properties import Property, Source, equal_json
from support.pulumi.standin.values import Bag

from .s3_table import REGION, TAGS
from .service import Tags, Thing

TF = "terraform-provider-aws internal/service/sqs/"
_QUEUE = Source(TF + "queue.go (5.x)")
_POLICY = Source(TF + "queue_policy.go (5.x)")

QUEUE: dict[str, Property] = dict(
    [
        *_QUEUE.replacing("name namePrefix", keeps=True),
        *_QUEUE.replacing("fifoQueue", default=False, forwarded=False),
        *REGION.replacing("region"),
        *_QUEUE.updatable("delaySeconds receiveWaitTimeSeconds", default=0),
        *_QUEUE.updatable("messageRetentionSeconds", default=345600),
        *_QUEUE.updatable("visibilityTimeoutSeconds", default=30),
        *_QUEUE.updatable("maxMessageSize sqsManagedSseEnabled", keeps=True),
        *_QUEUE.updatable("redrivePolicy", keeps=True, same=equal_json),
        *_QUEUE.updatable(
            "contentBasedDeduplication deduplicationScope fifoThroughputLimit kmsDataKeyReusePeriodSeconds"
            " kmsMasterKeyId policy redriveAllowPolicy",
            keeps=True,
            forwarded=False,
        ),
        *_QUEUE.updatable("tags", free=True),
        *TAGS.updatable("tagsAll", free=True),
        *_QUEUE.computed("arn url"),
    ]
)

QUEUE_POLICY: dict[str, Property] = dict(
    [
        *_POLICY.replacing("queueUrl"),
        *REGION.replacing("region"),
        *_POLICY.updatable("policy", same=equal_json),
    ]
)

# Pulumi's name → that of the attribute.
_ATTRIBUTES = {
    "delaySeconds": "DelaySeconds",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
_GONE = frozenset({"AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist"})


def _attributes(inputs: Bag) -> dict[str, str]:
    values = {attribute: inputs.get(name, QUEUE[name].default) for name, attribute in _ATTRIBUTES.items()}
    return {
        attribute: str(value).lower() if isinstance(value, bool) else str(value)
        for attribute, value in values.items()
        if value is not None
    }


def _make(sqs: Any, inputs: Bag, tags: Tags) -> str:
    return str(sqs.create_queue(QueueName=inputs["name"], Attributes=_attributes(inputs), tags=dict(tags))["QueueUrl"])


def _get(sqs: Any, id_: str, state: Bag) -> tuple[Bag, Tags]:
    found = sqs.get_queue_attributes(QueueUrl=id_, AttributeNames=["All"])["Attributes"]

    def value(name: str) -> Any:
        text = found.get(_ATTRIBUTES[name])
        if name == "redrivePolicy":
            return text if not equal_json(state.get(name), text) else state[name]
        return text == "true" if name == "sqsManagedSseEnabled" else None if text is None else int(text)

    known = {name: value(name) for name in _ATTRIBUTES}
    arn = found["QueueArn"]
    return {**known, "name": arn.rpartition(":")[2], "arn": arn, "url": id_}, sqs.list_queue_tags(QueueUrl=id_).get(
        "Tags", {}
    )


def _change(sqs: Any, id_: str, state: Bag, inputs: Bag) -> None:
    sqs.set_queue_attributes(QueueUrl=id_, Attributes=_attributes(inputs))


def _retag(sqs: Any, state: Bag, tags: Tags, gone: set[str]) -> None:
    if gone:
        sqs.untag_queue(QueueUrl=state["url"], TagKeys=sorted(gone))
    if tags:
        sqs.tag_queue(QueueUrl=state["url"], Tags=dict(tags))


def _put_policy(sqs: Any, inputs: Bag, _: Tags | None = None) -> str:
    sqs.set_queue_attributes(QueueUrl=inputs["queueUrl"], Attributes={"Policy": inputs["policy"]})
    return str(inputs["queueUrl"])


def _get_policy(sqs: Any, id_: str, state: Bag) -> tuple[Bag, Tags] | None:
    policy = sqs.get_queue_attributes(QueueUrl=id_, AttributeNames=["Policy"]).get("Attributes", {}).get("Policy")
    return ({"queueUrl": id_, "policy": as_written(state.get("policy"), policy)}, {}) if policy else None


THINGS = (
    Thing(
        token="aws:sqs/queue:Queue",
        service="sqs",
        what="SQS Queue",
        table=QUEUE,
        make=_make,
        get=_get,
        change=_change,
        remove=lambda sqs, id_, _: sqs.delete_queue(QueueUrl=id_),
        retag=_retag,
        absent=_GONE,
        longest=80,
        named_by="name",
    ),
    Thing(
        token="aws:sqs/queuePolicy:QueuePolicy",
        service="sqs",
        what="SQS Queue Policy",
        table=QUEUE_POLICY,
        make=_put_policy,
        get=_get_policy,
        change=lambda sqs, _id, _state, inputs: _put_policy(sqs, inputs) and None,
        remove=lambda sqs, id_, _: sqs.set_queue_attributes(QueueUrl=id_, Attributes={"Policy": ""}),
        absent=_GONE,
    ),
)
