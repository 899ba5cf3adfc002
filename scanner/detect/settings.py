"""[detect] in the config."""

from pydantic import Field

from scanner.contracts import PluginSettings, SecretName


class DetectSettings(PluginSettings):
    """[detect]: how content is read."""

    workers: int = Field(default=0, ge=0, le=256, description="processes that parse; 0: one for each core, at most 4")
    max_text_bytes: int = Field(
        default=4_000_000, ge=1024, description="a larger text file is not parsed; it is a gap where it could matter"
    )
    file_seconds: float = Field(default=20, gt=0, description="after this long a file is given up, named in a gap, and its worker replaced")
    worker_memory: int = Field(default=1_500_000_000, ge=300_000_000, description="bytes of address space a worker may take")
    fingerprint_key: SecretName = Field(
        default="",
        description="variable, or file:/path, that holds the key for fingerprints of leaked secrets; empty: a new key for each run",
    )
