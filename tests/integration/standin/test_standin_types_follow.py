"""The stand-in's types of queues, functions, rules, logs and alarms against moto, without the engine."""

import hashlib
import json
import zipfile
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.pulumi.standin import provider
from support.pulumi.standin.aws import Aws
from support.pulumi.standin.errors import ProviderError
from support.pulumi.standin.values import Bag

QUEUE, QUEUE_POLICY = "aws:sqs/queue:Queue", "aws:sqs/queuePolicy:QueuePolicy"
FUNCTION, PERMISSION = "aws:lambda/function:Function", "aws:lambda/permission:Permission"
ASYNCHRONOUS = "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"
MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping"
LOG_GROUP, ALARM = "aws:cloudwatch/logGroup:LogGroup", "aws:cloudwatch/metricAlarm:MetricAlarm"
RULE, TARGET = "aws:cloudwatch/eventRule:EventRule", "aws:cloudwatch/eventTarget:EventTarget"
ARN = "arn:aws:{}:eu-central-1:123456789012:{}"

# pulumi-aws imports its own deprecated names.
pytestmark = pytest.mark.filterwarnings("ignore:.*deprecated in favor of:DeprecationWarning")


def _walk(aws: Aws, token: str, *steps: Bag) -> tuple[str, Bag]:
    """Creates the resource with the first of `steps`, and updates it in place to each of the others."""
    for inputs in steps:
        assert not provider.checked(token, "some", inputs, {})[1]
    id_, state = provider.create(aws, token, steps[0])
    for before, inputs in pairwise(steps):
        assert not provider.diff(aws, token, state, before)
        changed = provider.diff(aws, token, state, inputs)
        assert changed
        assert not any(change.replaces for change in changed)
        state = provider.update(aws, token, id_, state, inputs)
    assert not provider.diff(aws, token, state, steps[-1])
    found = provider.read(aws, token, id_, state, steps[-1])
    assert found is not None
    assert not provider.diff(aws, token, found.state, steps[-1])
    assert not provider.checked(token, "some", found.inputs, {})[1]
    return id_, state


def _gone(aws: Aws, token: str, id_: str, state: Bag) -> None:
    provider.delete(aws, token, id_, state)
    assert provider.read(aws, token, id_, state, {}) is None
    provider.delete(aws, token, id_, state)


def _archive(folder: Path, text: str) -> Bag:
    path = folder / f"{text}.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.py", text)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"4dabf18193072939515e22adb298388d": "0def7320c3a5731c473e5ecbe6d01bc7", "hash": digest, "path": str(path)}


def _role(aws: Aws, name: str) -> str:
    by_lambda = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [by_lambda]})
    return str(aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"])


def test_a_queue_and_its_policy(aws: Aws) -> None:
    dead, _ = provider.create(aws, QUEUE, {"name": "dead"})
    redrive = json.dumps({"maxReceiveCount": 5, "deadLetterTargetArn": ARN.format("sqs", "dead")})
    plain: Bag = {"name": "queue", "visibilityTimeoutSeconds": 60, "sqsManagedSseEnabled": True}
    url, state = _walk(
        aws, QUEUE, plain, {**plain, "redrivePolicy": redrive, "tags": {"a": "b"}}, {**plain, "tags": {}}
    )
    assert (state["arn"], state["url"]) == (ARN.format("sqs", "queue"), url)
    assert [change.replaces for change in provider.diff(aws, QUEUE, state, {**plain, "name": "other"})] == [True]

    def policy(who: str) -> str:
        one = {"Effect": "Allow", "Principal": {"Service": who}, "Action": "sqs:SendMessage", "Resource": "*"}
        return json.dumps({"Version": "2012-10-17", "Statement": [one]})

    steps = [{"queueUrl": url, "policy": policy(who)} for who in ("events.amazonaws.com", "s3.amazonaws.com")]
    id_, policys = _walk(aws, QUEUE_POLICY, *steps)
    # Another attribute is set: the policy stays.
    provider.update(aws, QUEUE, url, state, {**plain, "visibilityTimeoutSeconds": 30})
    assert provider.read(aws, QUEUE_POLICY, id_, policys, steps[-1]) is not None
    _gone(aws, QUEUE_POLICY, id_, policys)
    for each in (url, dead):
        _gone(aws, QUEUE, each, state)


def test_a_function_with_its_source_and_a_permission(aws: Aws, tmp_path: Path) -> None:
    plain: Bag = {
        "name": "f",
        "role": _role(aws, "of-f"),
        "handler": "a.b",
        "runtime": "python3.13",
        "code": _archive(tmp_path, "one"),
        "architectures": ["arm64"],
    }
    full = {
        **plain,
        "code": _archive(tmp_path, "two"),
        "timeout": 900,
        "memorySize": 1024,
        "environment": {"variables": {"A": "b"}},
        "vpcConfig": {"subnetIds": ["subnet-0a"], "securityGroupIds": ["sg-0a"]},
        "tags": {"a": "b"},
    }
    id_, state = _walk(aws, FUNCTION, plain, full, plain)
    assert state["arn"] == ARN.format("lambda", "function:f")
    # Other code by hand.
    pinned = {**plain, "codeSha256": state["codeSha256"]}
    aws.client("lambda").update_function_code(FunctionName="f", ZipFile=Path(full["code"]["path"]).read_bytes())
    found = provider.read(aws, FUNCTION, id_, state, pinned)
    assert found is not None
    assert [change.path for change in provider.diff(aws, FUNCTION, found.state, pinned)] == ["codeSha256"]
    state = provider.update(aws, FUNCTION, id_, found.state, pinned)
    assert not provider.diff(aws, FUNCTION, state, pinned)

    aws.client("sqs").create_queue(QueueName="source")
    mapping: Bag = {"functionName": "f", "eventSourceArn": ARN.format("sqs", "source"), "batchSize": 10}
    more = {"scalingConfig": {"maximumConcurrency": 2}, "functionResponseTypes": ["ReportBatchItemFailures"]}
    uuid, mappings = _walk(aws, MAPPING, mapping, {**mapping, **more, "batchSize": 100})
    permission = {
        "statementId": "s",
        "action": "lambda:InvokeFunction",
        "function": "f",
        "principal": "events.amazonaws.com",
        "sourceArn": ARN.format("events", "rule/r"),
    }
    statement, permissions = _walk(aws, PERMISSION, permission)
    changed = provider.diff(aws, PERMISSION, permissions, {**permission, "sourceArn": ARN.format("events", "rule/s")})
    assert [change.replaces for change in changed] == [True]
    steps: list[Bag] = [{"functionName": "f"}, {"functionName": "f", "maximumRetryAttempts": 0}]
    asynchronous, limits = _walk(aws, ASYNCHRONOUS, *steps)
    found = aws.client("lambda").get_function_event_invoke_config(FunctionName="f")
    assert found["MaximumRetryAttempts"] == 0
    _gone(aws, ASYNCHRONOUS, asynchronous, limits)
    _gone(aws, PERMISSION, statement, permissions)
    _gone(aws, MAPPING, uuid, mappings)
    _gone(aws, FUNCTION, id_, state)


def test_a_rule_and_its_target(aws: Aws) -> None:
    pattern = json.dumps({"source": ["aws.s3"], "detail-type": ["Object Created"]})
    by_event: Bag = {"name": "r", "eventPattern": pattern}
    id_, state = _walk(aws, RULE, by_event, {**by_event, "description": "d", "tags": {"a": "b"}}, by_event)
    assert state["arn"] == ARN.format("events", "rule/r")
    _, clock = _walk(aws, RULE, {"name": "c", "scheduleExpression": "rate(1 hour)"})
    steps = [{"rule": "r", "targetId": "t", "arn": ARN.format("sqs", name)} for name in ("one", "two")]
    target, targets = _walk(aws, TARGET, *steps, {**steps[0], "input": '{"a": 1}'})
    with pytest.raises(ProviderError, match="Rule can't be deleted since it has targets"):
        provider.delete(aws, RULE, id_, state)
    _gone(aws, TARGET, target, targets)
    _gone(aws, RULE, id_, state)
    _gone(aws, RULE, "c", clock)


def test_a_log_group_and_an_alarm(aws: Aws) -> None:
    id_, state = _walk(aws, LOG_GROUP, {"name": "g"}, {"name": "g", "retentionInDays": 30, "tags": {"a": "b"}})
    assert state["arn"] == ARN.format("logs", "log-group:g")
    _gone(aws, LOG_GROUP, id_, state)
    alarm: dict[str, Any] = {
        "name": "a",
        "comparisonOperator": "GreaterThanThreshold",
        "evaluationPeriods": 1,
        "namespace": "AWS/SQS",
        "metricName": "ApproximateNumberOfMessagesVisible",
        "dimensions": {"QueueName": "q"},
        "period": 60,
        "statistic": "Maximum",
        "threshold": 0,
    }
    topic = {"alarmActions": [ARN.format("sns", "t")], "treatMissingData": "notBreaching", "tags": {"a": "b"}}
    id_, state = _walk(aws, ALARM, alarm, {**alarm, **topic})
    _gone(aws, ALARM, id_, state)
