"""The stages of prune that write."""

from __future__ import annotations

YANKING, DELETING = "yanking", "deleting"
