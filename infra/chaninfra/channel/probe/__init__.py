"""Experiments that find out what a store can do, and what follows from it for writing."""
