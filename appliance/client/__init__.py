"""A box's whole REST API, typed, for programs:

with BoxClient("http://box:8080", token) as box:
    box.lesson.turn()
    for status in box.state.events():
        print(status.page.index, [viewer.name for viewer in status.viewers])
"""

from appliance.client.box import BoxClient
from appliance.client.calling import BoxError, Refused, Session, Unreachable

__all__ = ["BoxClient", "BoxError", "Refused", "Session", "Unreachable"]
