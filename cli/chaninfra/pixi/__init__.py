"""What pixi has on this machine: its configuration, and its stores of keys and tokens."""
