"""The camera: V4L2 devices, RTSP, recorded files and the simulated classroom, all alike to the studio.

Sizes: every frame of a session has the same size: the source's own, or, if that is larger than asked, the
asked size in the source's proportions. Times: `captured_ns` is the driver's stamp (V4L2), the arrival freed
from jitter (RTSP), or the instant the picture was due (files).
"""
