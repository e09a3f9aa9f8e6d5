"""The box over HTTP: REST under /api/v1, WHEP, /health and the pages."""

from appliance.api.app import create_app

__all__ = ["create_app"]
