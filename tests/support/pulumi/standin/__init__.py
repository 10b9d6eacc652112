"""A stand-in for the `pulumi-resource-aws` plugin: test equipment, never what a user runs.

The real plugin cannot be had without its download site and cannot be pointed at an account that tests may spoil. The
stand-in speaks the same protocol to the same engine and forwards each resource by boto3 to moto. What it holds a
program to:

- inputs are those of pulumi-aws's own classes: an unknown, missing or ill-typed property fails the check, by name;
- `Read` asks the server; only what AWS does not store (marked `local` in the table) is carried over from the state;
- `properties` and the tables beside it say of every property whether a change updates or replaces, and where that is
  known from; a property that is not listed fails the diff;
- what AWS does and moto does not is done here (`resources.bucket`, `resources.bucket_parts`, `resources.iam`) or, where
  moto would forget what it is told, added to moto (`engine.moto_more`).

A test calls `install` and adds the variables it returns to the engine's environment.
"""

from .install import install

__all__ = ["install"]
