"""Outputs: one file each, its name is its `type` in the config."""
