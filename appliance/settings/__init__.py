"""What an operator may choose: one file, the environment and flags, with the origin of every value."""

from appliance.settings.errors import Fault, SettingsError
from appliance.settings.flags import add_settings_flags, load_from_flags
from appliance.settings.loading import Loaded, load
from appliance.settings.model import BoxSettings, HttpSettings, Settings

__all__ = [
    "BoxSettings",
    "Fault",
    "HttpSettings",
    "Loaded",
    "Settings",
    "SettingsError",
    "add_settings_flags",
    "load",
    "load_from_flags",
]
