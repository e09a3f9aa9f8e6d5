"""What an operator may choose about the library."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class LibrarySettings(BaseModel):
    """[library]: courseware uploaded in the console."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_file_mb: int = Field(
        800, ge=1, le=20_000, description="Larger uploads are refused while they arrive."
    )
    quota_mb: int = Field(20_000, ge=1, le=10_000_000, description="All uploads together, with their pages.")
    prepare_limit_s: float = Field(
        240.0, ge=5, le=3600, description="Time to convert one file; then it is refused."
    )

    @property
    def max_file_bytes(self) -> int:
        return self.max_file_mb * 1_000_000

    @property
    def quota_bytes(self) -> int:
        return self.quota_mb * 1_000_000
