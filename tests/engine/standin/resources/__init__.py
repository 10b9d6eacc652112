"""The resource types, by token. A new type is a table, a module beside it, and a line here."""

from collections.abc import Mapping

from .bucket import Bucket
from .bucket_parts import PARTS
from .resource import Resource

RESOURCES: Mapping[str, Resource] = {resource.token: resource for resource in (Bucket(), *PARTS)}
