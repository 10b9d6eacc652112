"""The stack config as people write it: one msgspec model per block, and the JSON schemas made from them."""
