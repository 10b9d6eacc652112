"""The bucket indexes itself: its events, the queue, the function, its schedules and alarms, as resources of AWS."""

from __future__ import annotations

import pulumi

from chaninfra.pulumi.backends.aws.alarms import alarms
from chaninfra.pulumi.backends.aws.events import events, queues
from chaninfra.pulumi.backends.aws.function import function, source
from chaninfra.pulumi.backends.aws.schedules import schedules
from chaninfra.pulumi.backends.base import BucketResources, after
from chaninfra.pulumi.bucket_session import StoreInput
from chaninfra.pulumi.declaration import Declaration


def follow(
    declaration: Declaration, store: StoreInput, bucket: BucketResources, opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    """What brings the indexes in line of all channels with `index.follow`; nothing if there is none.

    Events come last, so that the function is there for the first one.
    """
    if not declaration.stack.following:
        return []
    two = queues(declaration, opts)
    made = function(declaration, two.messages, bucket.cdn, opts)
    reads = source(declaration, made, two.messages, opts)
    clock = schedules(declaration, made.function, opts)
    sends = events(declaration, store, two.messages, after(opts, reads))
    return [two.dead_letters, two.messages, *made.resources, reads, *clock, *sends, *alarms(declaration, opts)]
