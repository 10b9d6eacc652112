"""Brings the records of named objects in line with the objects; see docs/index-protocol.md, "Follow"."""
