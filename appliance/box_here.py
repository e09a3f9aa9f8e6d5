"""The running box on this machine, for a command beside it: the client, with the stored token."""

from __future__ import annotations

import ssl

from pydantic import ValidationError

from appliance.client import BoxClient, Refused, Unreachable
from appliance.settings import HttpSettings
from appliance.tokens import Tokens

_ANY = ("0.0.0.0", "::", "")  # noqa: S104 - compared with, not bound to
_SLATE = 503


def box_here(http_settings: HttpSettings, tokens: Tokens) -> BoxClient | None:
    """None where no box runs. Asked without the token first, which is nothing for a stranger on that port."""
    if http_settings.port == 0:
        return None
    host = "127.0.0.1" if http_settings.host in _ANY else http_settings.host
    scheme = "https" if http_settings.certificate else "http"
    verify = _trust(http_settings.certificate)
    url = f"{scheme}://{f'[{host}]' if ':' in host else host}:{http_settings.port}"
    with BoxClient(url, "", verify=verify) as stranger:
        try:
            stranger.state.health()
        except Refused as refused:
            if refused.status != _SLATE:
                return None
        except (Unreachable, ValidationError):
            return None
    return BoxClient(url, tokens.assistant, verify=verify)


def _trust(certificate: str) -> ssl.SSLContext | bool:
    if not certificate:
        return True
    context = ssl.create_default_context(cafile=certificate)
    # The certificate names the box's public name, not this machine's own address.
    context.check_hostname = False
    return context
