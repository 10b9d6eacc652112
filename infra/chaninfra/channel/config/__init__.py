"""The stack config: one msgspec model per block, and the JSON schemas generated from them."""
