"""Reads a package file: its archive, its `info/index.json`, and the record made from them."""
