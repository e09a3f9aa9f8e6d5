"""A real RTSP server for the tests: `/usr/bin/python3 rtsp_server.py [--port N] [--user A --password B]`.

Serves /live, H.264 of 320x240 at 25 Hz: colour bars, and below them the picture's number in eight bits.
Prints "port N" when it listens. Runs with the system's Python, which has GStreamer's bindings
(python3-gi, gir1.2-gst-rtsp-server-1.0, gstreamer1.0-plugins-base, -good, -ugly).
"""

import argparse
import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

WIDTH, HEIGHT, RATE_HZ = 320, 240, 25
BARS = [
    (235, 235, 235), (200, 200, 20), (20, 200, 200), (20, 200, 20),
    (200, 20, 200), (200, 20, 20), (20, 20, 200), (20, 20, 20),
]  # fmt: skip


def draw(number: int, width: int, height: int) -> bytes:
    bars = b"".join(bytes(BARS[x * 8 // width]) for x in range(width))
    bits = b"".join(bytes([255 * (number >> (7 - x * 8 // width) & 1)] * 3) for x in range(width))
    return bars * (height * 3 // 4) + bits * (height - height * 3 // 4)


class Factory(GstRtspServer.RTSPMediaFactory):
    def __init__(self, size: tuple[int, int], codec: str) -> None:
        super().__init__()
        self.size = size
        coder = {
            "h264": "x264enc tune=zerolatency speed-preset=ultrafast quantizer=10 pass=quant key-int-max=10"
            " ! rtph264pay name=pay0 pt=96",
            "jpeg": "jpegenc quality=95 ! rtpjpegpay name=pay0 pt=26",
        }[codec]
        # JPEG is full range by definition: range:matrix:transfer:primaries.
        colorimetry = {"h264": "bt601", "jpeg": "1:4:0:0"}[codec]
        self.set_launch(
            f"( appsrc name=pictures is-live=true do-timestamp=true format=time block=true max-buffers=2"
            f" caps=video/x-raw,format=RGB,width={size[0]},height={size[1]},framerate={RATE_HZ}/1"
            f" ! videoconvert ! video/x-raw,format=I420,colorimetry={colorimetry} ! {coder} )"
        )
        self.set_shared(True)

    def do_configure(self, media: GstRtspServer.RTSPMedia) -> None:
        source = media.get_element().get_by_name("pictures")
        numbers = iter(range(1 << 62))

        def push() -> bool:
            picture = draw(next(numbers) % 256, *self.size)
            return source.emit("push-buffer", Gst.Buffer.new_wrapped(picture)) == Gst.FlowReturn.OK

        push()
        timer = GLib.timeout_add(1000 // RATE_HZ, push)
        media.connect("unprepared", lambda _: GLib.source_remove(timer))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", default="0")
    parser.add_argument("--user")
    parser.add_argument("--password")
    parser.add_argument("--digest", action="store_true")
    parser.add_argument("--size", default=f"{WIDTH}x{HEIGHT}")
    parser.add_argument("--codec", default="h264")
    args = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(args.port)
    width, height = args.size.split("x")
    factory = Factory((int(width), int(height)), args.codec)
    if args.user:
        auth = GstRtspServer.RTSPAuth()
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        if args.digest:
            gi.require_version("GstRtsp", "1.0")
            from gi.repository import GstRtsp

            auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
            auth.add_digest(args.user, args.password, token)
        else:
            auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
        server.set_auth(auth)
        role = Gst.Structure.new_empty("viewer")
        role.set_value("media.factory.access", True)
        role.set_value("media.factory.construct", True)
        permissions = GstRtspServer.RTSPPermissions()
        permissions.add_role_from_structure(role)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/live", factory)
    if not server.attach(None):
        sys.exit("cannot listen")
    print("port", server.get_bound_port(), flush=True)
    GLib.MainLoop().run()


if __name__ == "__main__":
    main()
