"""A bucket on AWS that indexes itself, by the real engine on the stand-in for the AWS provider, which forwards to moto.

Moto hands no message to a function, since it has nothing that runs one. What is tested: each resource, that an
unchanged config makes no change, that what was changed by hand is put right, and that nothing is left.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from chaninfra.follow import aws_lambda
from support.channels import channels
from support.channels.archives import conda, index_json
from support.channels.lambda_calls import Context, StandInForLambdasPoller
from support.paths import TESTS
from support.pulumi.code_package_standin import CONTENT, PROGRAM
from support.pulumi.following import There
from support.pulumi.stacks import Stack
from support.pulumi.standin import install
from support.servers.s3_servers import Server

pytestmark = pytest.mark.long

ACCOUNT = "123456789012"
TOPIC = f"arn:aws:sns:eu-central-1:{ACCOUNT}:on-call"
BOUNDARY = f"arn:aws:iam::{ACCOUNT}:policy/boundary"
KEY = f"arn:aws:kms:eu-central-1:{ACCOUNT}:key/1234abcd-12ab-34cd-56ef-1234567890ab"


@pytest.fixture
def stack(aws: Server, bucket_name: str, tmp_path: Path) -> Stack:
    """A stack of one private channel that follows; the code of its function is a stand-in."""
    environment = {
        **aws.environment(),
        **install(tmp_path / "home"),
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "PYTHONPATH": str(TESTS),
    }
    config = {"provider": "aws", "bucket": bucket_name, "region": aws.region, "endpoint_url": aws.endpoint_url}
    config |= {"prefix": "main", "subdirs": "linux-64", "force_path_style": True, "index": {"follow": {}}}
    return Stack(tmp_path / "stack", config, environment, files={"__main__.py": PROGRAM})


def theirs(aws: Server, bucket: str) -> dict[str, Any]:
    """A notification of the bucket that others have made."""
    queue = aws.service("sqs").create_queue(QueueName=f"theirs-of-{bucket}"[:80])["QueueUrl"]
    arn = f"arn:aws:sqs:{aws.region}:{ACCOUNT}:{queue.rpartition('/')[2]}"
    return {"Id": "theirs", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}


def test_the_life_of_a_bucket_that_indexes_itself_on_the_aws_standin(
    aws: Server, bucket_name: str, stack: Stack
) -> None:
    there = There(aws, bucket_name)
    ran = stack.preview()
    assert ran.code == 0, ran
    ran = stack.up()
    assert ran.code == 0, ran
    assert there.notifications() == {"EventBridgeConfiguration": {}}

    # Events of the channel go to the queue, and from there to the function.
    rules, queues = there.rules(), there.queues()
    assert set(rules) == {"main", "compare", "reindex", "gc"}
    (target,) = rules["main"]["Targets"]
    assert target["Arn"] == queues[""]["QueueArn"]
    (statement,) = json.loads(queues[""]["Policy"])["Statement"]
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == [rules["main"]["Arn"]]
    assert json.loads(queues[""]["RedrivePolicy"]) == {
        "deadLetterTargetArn": queues["-dead"]["QueueArn"],
        "maxReceiveCount": 5,
    }
    assert {each["SqsManagedSseEnabled"] for each in queues.values()} == {"true"}
    function = there.function()
    assert (function["Runtime"], function["Architectures"], function["Timeout"]) == ("python3.13", ["arm64"], 900)
    assert function["Handler"] == "chaninfra.follow.aws_lambda.handler"
    assert int(queues[""]["VisibilityTimeout"]) == 6 * function["Timeout"]
    assert json.loads(function["Environment"]["Variables"]["CHANINFRA_CHANNELS"]) == [f"s3://{bucket_name}/main"]
    asynchronous = there.service("lambda").get_function_event_invoke_config(FunctionName=there.name)
    assert asynchronous["MaximumRetryAttempts"] == 0
    (mapping,) = there.mappings()
    assert mapping["EventSourceArn"] == queues[""]["QueueArn"]
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert (mapping["ScalingConfig"], mapping["BatchSize"]) == ({"MaximumConcurrency": 2}, 500)
    (log,) = there.log()
    assert (log["logGroupName"], log["retentionInDays"]) == (f"/aws/lambda/{bucket_name}-follow", 30)
    assert queues[""]["QueueArn"] in there.rights()
    assert log["arn"] in there.rights()

    # The clock calls the function, which lets it.
    for task, rate in (("compare", "rate(1 hour)"), ("reindex", "rate(24 hours)"), ("gc", None)):
        (target,) = rules[task]["Targets"]
        assert (target["Arn"], json.loads(target["Input"])) == (function["FunctionArn"], {"chaninfra": task})
        assert rate in (None, rules[task]["ScheduleExpression"])
    policy = json.loads(there.service("lambda").get_policy(FunctionName=there.name)["Policy"])
    assert {one["Condition"]["ArnLike"]["AWS:SourceArn"] for one in policy["Statement"]} == {
        rules[task]["Arn"] for task in ("compare", "reindex", "gc")
    }
    assert set(there.alarms()) == {"dead", "waiting", "errors"}
    assert not any(one["AlarmActions"] for one in there.alarms().values())
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # A package makes an event: moto has the way of it up to the queue.
    sqs, url = there.service("sqs"), there.service("sqs").get_queue_url(QueueName=there.name)["QueueUrl"]
    there.service("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    for key in ("main/linux-64/a-1-0.conda", "main/linux-64/repodata.json", "other/linux-64/a-1-0.conda"):
        aws.client().put_object(Bucket=bucket_name, Key=key, Body=b"x")
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    keys = [json.loads(one["Body"])["detail"]["object"]["key"] for one in messages]
    assert keys == ["main/linux-64/a-1-0.conda"]
    sqs.purge_queue(QueueUrl=url)

    # Changed by hand.
    there.service("lambda").update_function_code(FunctionName=there.name, ZipFile=_other_zip())
    there.service("lambda").update_function_configuration(FunctionName=there.name, Timeout=3)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30", "Policy": ""})
    there.service("lambda").delete_function_event_invoke_config(FunctionName=there.name)
    there.service("events").disable_rule(Name=rules["main"]["Name"])
    there.service("events").remove_targets(Rule=rules["gc"]["Name"], Ids=["function"])
    there.service("cloudwatch").delete_alarms(AlarmNames=[f"{there.name}-dead"])
    notification = theirs(aws, bucket_name)
    aws.client().put_bucket_notification_configuration(
        Bucket=bucket_name, NotificationConfiguration={"QueueConfigurations": [notification]}
    )
    ran = stack.refresh()
    assert ran.code == 0, ran
    assert ran.done != {}, ran
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done, ran
    assert there.function()["Timeout"] == 900
    assert there.function()["CodeSha256"] == function["CodeSha256"]
    assert there.service("lambda").get_function_event_invoke_config(FunctionName=there.name) == {
        **asynchronous,
        "ResponseMetadata": ANY,
        "LastModified": ANY,
    }
    assert there.mappings()[0]["State"] == "Enabled"
    queues = there.queues()
    assert (queues[""]["VisibilityTimeout"], "Policy" in queues[""]) == ("5400", True)
    assert there.rules()["main"]["State"] == "ENABLED"
    assert there.rules()["gc"]["Targets"]
    assert set(there.alarms()) == {"dead", "waiting", "errors"}
    assert there.notifications() == {"EventBridgeConfiguration": {}, "QueueConfigurations": [notification]}
    assert stack.up().done == {}

    # Every option, and other code.
    stack.environment[CONTENT] = "other code"
    stack.config(
        tags={"team": "data"},
        aws={
            "kms-key-arn": KEY,
            "vpc-endpoints": ["vpce-0123456789abcdef0"],
            "follow": {"alarm-topic": TOPIC, "subnet-ids": ["subnet-0a"], "security-group-ids": ["sg-0a"]},
            "roles": {"path": "/conda/", "permissions-boundary": BOUNDARY},
        },
    )
    ran = stack.up()
    assert ran.code == 0, ran
    assert there.function()["CodeSha256"] != function["CodeSha256"]
    assert there.function()["VpcConfig"]["SubnetIds"] == ["subnet-0a"]
    assert (there.role()["Path"], there.role()["PermissionsBoundary"]["PermissionsBoundaryArn"]) == (
        "/conda/",
        BOUNDARY,
    )
    assert there.function()["Role"] == there.role()["Arn"]
    assert KEY in there.rights()
    assert "lambda:SourceFunctionArn" in there.rights()
    assert {tuple(one["AlarmActions"]) for one in there.alarms().values()} == {(TOPIC,)}
    assert there.service("lambda").list_tags(Resource=there.function()["FunctionArn"])["Tags"] == {"team": "data"}
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # It follows no more: all is gone but the notification of others.
    stack.config(index=None, aws=None)
    ran = stack.up()
    assert ran.code == 0, ran
    assert there.names() == []
    assert there.notifications() == {"QueueConfigurations": [notification]}
    assert stack.up().done == {}

    # What was uploaded above is there.
    stack.config(index={"follow": {}}, force_destroy=True)
    ran = stack.up()
    assert ran.code == 0, ran
    assert len(there.names()) == 13, there.names()
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert there.names() == []
    assert bucket_name not in channels.buckets(aws)


def test_the_function_of_a_stack_follows_the_events_of_its_bucket(
    aws: Server, bucket_name: str, stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the variables, the queue and the inputs that the stack has declared; Lambda's part is a stand-in's."""
    there = There(aws, bucket_name)
    ran = stack.up()
    assert ran.code == 0, ran
    (mapping,) = there.mappings()
    # moto takes the messages, too, and has nothing that runs the function.
    there.service("lambda").update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    variables = there.function()["Environment"]["Variables"]
    lambdas = {"AWS_REGION": aws.region, "AWS_ENDPOINT_URL": aws.endpoint_url, **aws.environment()}
    for name, value in {**variables, **lambdas}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(aws_lambda, "_function", None)
    sqs = there.service("sqs")
    poller = StandInForLambdasPoller(
        sqs,
        sqs.get_queue_url(QueueName=there.name)["QueueUrl"],
        lambda event: aws_lambda.handler(event, Context()),
        batch_size=mapping["BatchSize"],
    )

    def records() -> int:
        found = aws.client().get_object(Bucket=bucket_name, Key="main/linux-64/repodata.json")
        return len(json.loads(found["Body"].read())["packages.conda"])

    for number in range(20):
        data = conda(index_json("p", str(number), subdir="linux-64"))
        aws.client().put_object(Bucket=bucket_name, Key=f"main/linux-64/p-{number}-0.conda", Body=data)
    assert poller.poll() == 20
    assert records() == 20
    # Of what the function has written comes no event.
    assert poller.poll() == 0
    assert poller.answers == [{"batchItemFailures": []}]
    # Of a delete marker, which S3 tells too, moto sends none: the comparison finds it.
    aws.client().delete_object(Bucket=bucket_name, Key="main/linux-64/p-3-0.conda")
    rules = there.rules()
    for task in ("compare", "reindex", "gc"):
        (target,) = rules[task]["Targets"]
        assert aws_lambda.handler(json.loads(target["Input"]), Context()) is None
    assert records() == 19
    stack.config(index={"follow": {}}, force_destroy=True)
    assert stack.up().code == 0
    assert stack.destroy().code == 0


def test_channels_of_an_adopted_bucket_follow_on_the_aws_standin(aws: Server, bucket_name: str, stack: Stack) -> None:
    client = aws.client()
    client.create_bucket(Bucket=bucket_name, CreateBucketConfiguration={"LocationConstraint": aws.region})
    notification = theirs(aws, bucket_name)
    both = {"QueueConfigurations": [notification], "EventBridgeConfiguration": {}}
    client.put_bucket_notification_configuration(Bucket=bucket_name, NotificationConfiguration=both)
    follow: dict[str, Any] = {"index": {"follow": {}}}
    scheduled = {**follow, "snapshots": {"every": "1d", "keep": 60}}
    stack.config(adopt=True, prefix=None, index=None, channels={"stable": scheduled, "nightly": follow, "other": {}})
    ran = stack.up()
    assert ran.code == 0, ran
    (name,) = [
        one["FunctionName"]
        for one in aws.service("lambda").list_functions()["Functions"]
        if bucket_name in one["FunctionName"]
    ]
    there = There(aws, bucket_name, name)
    assert name.startswith(f"{bucket_name}-follow-")
    assert set(there.rules()) == {"stable", "nightly", "compare", "reindex", "gc", "snapshots"}
    (target,) = there.rules()["snapshots"]["Targets"]
    assert json.loads(target["Input"]) == {"chaninfra": "snapshots"}
    assert there.rules()["snapshots"]["ScheduleExpression"] == "rate(1 hour)"
    assert f"{bucket_name}/stable/snapshots/*" in there.rights()
    assert f"{bucket_name}/nightly/snapshots/*" not in there.rights()
    assert json.loads(there.function()["Environment"]["Variables"]["CHANINFRA_CHANNELS"]) == [
        f"s3://{bucket_name}/nightly",
        f"s3://{bucket_name}/stable",
    ]
    assert stack.up().done == {}
    assert stack.refresh().done == {}

    # One less: its rule goes, the other's stays.
    stack.config(channels={"stable": {}, "nightly": follow, "other": {}})
    ran = stack.up()
    assert ran.code == 0, ran
    assert "replaced" not in ran.done, ran
    assert set(there.rules()) == {"nightly", "compare", "reindex", "gc"}
    (statement,) = json.loads(there.queues()[""]["Policy"])["Statement"]
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == [there.rules()["nightly"]["Arn"]]
    assert "stable" not in there.rights()
    ran = stack.destroy()
    assert ran.code == 0, ran
    assert there.names() == []
    # They were on before.
    assert there.notifications() == both


def _other_zip() -> bytes:
    import io
    import zipfile

    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("other.py", "")
    return data.getvalue()
