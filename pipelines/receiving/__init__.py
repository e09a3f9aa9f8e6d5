"""What browsers send to the box by WHIP (RFC 9725), decoded: a shared screen, a room's voice and camera.

Stages take pictures and sound from here; none of them knows of WebRTC.
"""
