"""`chaninfra follow`: takes events of a store, or lists it, and brings the index in line; see docs/follow.md."""
