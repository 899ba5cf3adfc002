"""The people's side: waivers, and what else a person decides."""
