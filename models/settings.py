"""What an operator may choose about networks."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Provider = Literal["auto", "tensorrt", "cuda", "cpu"]


class NetworkSettings(BaseModel):
    """[network]: which matting network runs, and where."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field("rvm-mobilenetv3", description="A network of `classroom models list`.")
    provider: Provider = Field(
        "auto", description="tensorrt, cuda or cpu; auto takes the best one that starts on this machine."
    )
    cpu_fallback: bool = Field(
        True,
        description="May the CPU step in when the provider asked for does not start? "
        "false refuses to go live.",
    )
    threads: int = Field(0, ge=0, le=256, description="CPU threads of the network; 0 lets the box choose.")
