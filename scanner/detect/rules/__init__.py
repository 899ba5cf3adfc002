"""Rules: what a file's literals, imports, documents and commands say. Each module owns one kind of fact."""
