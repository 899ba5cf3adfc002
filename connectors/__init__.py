"""Sources: one file each, its name is its `type` in the config; names with an underscore are shared parts."""
