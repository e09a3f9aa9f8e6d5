"""The programme to other servers (SFU): WHIP (RFC 9725), reconnecting for ever, one encoder for all."""

from pipelines.publishing.errors import PublishError
from pipelines.publishing.publishing import Publishing
from pipelines.publishing.settings import DestinationSettings, PublishingSettings
from pipelines.publishing.status import DestinationStatus

__all__ = ["DestinationSettings", "DestinationStatus", "PublishError", "Publishing", "PublishingSettings"]
