"""The drawings and tables of the lesson, computed: rays obey Snell's law, numbers follow from the indices.

Each function returns SVG (or table rows) for its place {{name}} in lesson.html. Angles in degrees,
clockwise from the x axis as SVG counts; lengths in CSS pixels.
"""

from __future__ import annotations

import math

LIGHT_SPEED = 2.99792458

MEDIA = [
    ("空气", "air", 1.0003),
    ("冰", "ice", 1.309),
    ("水", "water", 1.333),
    ("酒精", "ethanol", 1.361),
    ("甘油", "glycerol", 1.473),
    ("冕牌玻璃", "crown glass", 1.517),
    ("蓝宝石", "sapphire", 1.768),
    ("金刚石", "diamond", 2.417),
]
Point = tuple[float, float]


def refracted(theta: float, n_from: float, n_to: float) -> float:
    return math.degrees(math.asin(math.sin(math.radians(theta)) * n_from / n_to))


def line(a: Point, b: Point, stroke: str, width: float = 2, more: str = "") -> str:
    return (
        f'<line x1="{a[0]:.2f}" y1="{a[1]:.2f}" x2="{b[0]:.2f}" y2="{b[1]:.2f}" '
        f'stroke="{stroke}" stroke-width="{width}" {more}/>'
    )


def label(at: Point, text: str, size: float = 15, more: str = "") -> str:
    return f'<text x="{at[0]:.1f}" y="{at[1]:.1f}" font-size="{size}" {more}>{text}</text>'


def arrow(a: Point, b: Point, stroke: str, width: float = 4) -> str:
    """A ray with its head in the middle."""
    along = math.degrees(math.atan2(b[1] - a[1], b[0] - a[0]))
    x, y = (a[0] + b[0]) / 2, (a[1] + b[1]) / 2
    place = f"translate({x:.1f} {y:.1f}) rotate({along:.1f})"
    head = f'<path d="M-9 -8 L11 0 L-9 8Z" fill="{stroke}" transform="{place}"/>'
    return line(a, b, stroke, width) + head


def taper(a: Point, b: Point, half_a: float, half_b: float, fill: str) -> str:
    """A beam that widens from a to b."""
    length = math.dist(a, b)
    nx, ny = (a[1] - b[1]) / length, (b[0] - a[0]) / length
    corners = [
        (end[0] + side * half * nx, end[1] + side * half * ny)
        for end, half, side in ((a, half_a, 1), (b, half_b, 1), (b, half_b, -1), (a, half_a, -1))
    ]
    return f'<polygon points="{" ".join(f"{x:.2f},{y:.2f}" for x, y in corners)}" fill="{fill}" />'


def arc(centre: Point, radius: float, start: float, end: float, stroke: str) -> str:
    """Angles from the x axis, clockwise as SVG counts."""
    ends = [
        (centre[0] + radius * math.cos(math.radians(a)), centre[1] + radius * math.sin(math.radians(a)))
        for a in (start, end)
    ]
    (x0, y0), (x1, y1) = ends
    path = f"M{x0:.2f} {y0:.2f} A{radius} {radius} 0 0 1 {x1:.2f} {y1:.2f}"
    return f'<path d="{path}" fill="none" stroke="{stroke}" stroke-width="2.5"/>'


def towards(start: Point, degrees: float, length: float) -> Point:
    return start[0] + length * math.cos(math.radians(degrees)), start[1] + length * math.sin(
        math.radians(degrees)
    )


def snell() -> str:
    """Air above water, a ray of 50 degrees with its reflection."""
    centre, theta = (268.0, 198.0), 50.0
    inner = refracted(theta, 1.0, 1.333)
    return "".join(
        [
            '<rect width="560" height="198" rx="12" fill="#f3f8fc"/>',
            '<rect y="198" width="560" height="206" rx="12" fill="#bfe3f0"/>',
            '<rect y="198" width="560" height="14" fill="#bfe3f0"/>',
            line((0, 198), (560, 198), "#3b8fb3", 3),
            line((268, 8), (268, 396), "#5c6b82", 1.6, 'stroke-dasharray="7 6"'),
            arrow(towards(centre, -90 - theta, 250), centre, "#d5541f", 5),
            arrow(centre, towards(centre, 90 - inner, 236), "#d5541f", 5),
            line(centre, towards(centre, -90 + theta, 236), "#d5541f", 2, 'stroke-opacity=".45"'),
            arc(centre, 70, -90 - theta, -90, "#18243a"),
            arc(centre, 78, 90 - inner, 90, "#18243a"),
            label((218, 112), "θ<tspan font-size='15' dy='5'>1</tspan>", 24, 'class="it"'),
            label((285, 302), "θ<tspan font-size='15' dy='5'>2</tspan>", 24, 'class="it"'),
            label((278, 26), "法线 normal", 15),
            label((24, 108), "入射光线", 17) + label((24, 128), "incident ray", 14, 'style="fill:#5c6b82"'),
            label((438, 84), "反射光线", 16)
            + label((438, 104), "reflected, weak", 14, 'style="fill:#5c6b82"'),
            label((420, 330), "折射光线", 17)
            + label((420, 350), "refracted ray", 14, 'style="fill:#39596b"'),
            label((24, 186), "空气 air　n₁ = 1.00", 15),
            label((24, 232), "水 water　n₂ = 1.333", 15),
            label((24, 386), f"θ₁ = {theta:.1f}°　→　θ₂ = {inner:.1f}°", 16, 'font-weight="700"'),
            f'<circle cx="{centre[0]}" cy="{centre[1]}" r="5" fill="#18243a"/>',
        ]
    )


def table() -> str:
    rows = []
    for chinese, english, n in MEDIA:
        critical = "—" if n < 1.01 else f"{math.degrees(math.asin(1 / n)):.1f}°"
        hot = ' class="hot"' if english == "water" else ""
        rows.append(
            f"<tr{hot}><td>{chinese}<span>{english}</span></td><td>{n:.3f}</td>"
            f"<td>{LIGHT_SPEED / n:.3f}</td><td>{refracted(30, 1, n):.1f}°</td><td>{critical}</td></tr>"
        )
    return "\n".join(rows)


def bars() -> str:
    parts = [label((0, 18), "光速 Speed of light", 16, 'font-weight="700"')]
    for row, (chinese, _, n) in enumerate(MEDIA):
        y, length = 42 + row * 41, 180 * LIGHT_SPEED / n / 3
        colour = "#e0861a" if chinese == "水" else "#0e6f80"
        parts += [
            label((76, y + 19), chinese, 15, 'text-anchor="end"'),
            f'<rect x="86" y="{y}" width="{length:.1f}" height="26" rx="4" fill="{colour}"/>',
            label((94 + length, y + 19), f"{LIGHT_SPEED / n:.2f}", 14),
        ]
    return "".join(parts)


def prism() -> str:
    """White light through an equilateral prism, each wavelength by Snell's law."""
    apex, side = (470.0, 150.0), 400.0
    left = towards(apex, 120, side)
    right = towards(apex, 60, side)
    entry = towards(apex, 120, 0.56 * side)
    colours = [
        (680, "#ff3b30"), (640, "#ff6a2b"), (600, "#ffa51f"), (575, "#ffe23d"), (540, "#8ef04a"),
        (505, "#3fe39a"), (480, "#35c8f0"), (455, "#4b82ff"), (430, "#8358ff"), (417, "#9a52ff"),
        (405, "#b04cff"),
    ]  # fmt: skip
    inside, outside, names = [], [], []
    for nanometres, colour in colours:
        above = 0.00420 * ((1000 / nanometres) ** 2 - (1000 / 589) ** 2)  # than yellow: Cauchy, crown glass
        n = 1.5170 + 5 * above
        # The left face's inward normal points at 30 degrees below the x axis; the ray comes in rising.
        ray = 30 - refracted(50.0, 1.0, n)
        length = 0.0
        while True:  # to the right face, by walking: exact enough at a hundredth of a pixel
            length += 0.01
            x, y = towards(entry, ray, length)
            if (x - apex[0]) * math.sin(math.radians(60)) - (y - apex[1]) * math.cos(math.radians(60)) > 0:
                break
        onto = -30 - ray  # angle to the right face's outward normal, which points at -30 degrees
        out = -30 - (-1) ** (onto < 0) * refracted(abs(onto), n, 1.0)
        end = towards((x, y), out, 640)
        inside.append(line(entry, (x, y), colour, 3.2, 'stroke-opacity=".55" style="mix-blend-mode:screen"'))
        outside.append(taper((x, y), end, 1.2, 7.0, colour))
        if nanometres in (680, 600, 540, 480, 405):
            names.append((nanometres, 1.5170 + above, colour))
    start = towards(entry, 180 - 20, 380)
    parts = [
        '<defs><linearGradient id="face" x1="0" y1="0" x2="1" y2="1">'
        '<stop offset="0" stop-color="#a9c4e6" stop-opacity=".42"/>'
        '<stop offset="1" stop-color="#5c7fa8" stop-opacity=".10"/></linearGradient>'
        '<radialGradient id="halo" cx="470" cy="330" r="620" gradientUnits="userSpaceOnUse">'
        '<stop offset="0" stop-color="#1c2a44"/>'
        '<stop offset="1" stop-color="#07090f" stop-opacity="0"/></radialGradient></defs>',
        '<rect width="1280" height="720" fill="url(#halo)"/>',
        line(start, entry, "#ffffff", 14, 'stroke-opacity=".12"') + line(start, entry, "#ffffff", 5),
        f'<path d="M{apex[0]} {apex[1]} L{left[0]:.1f} {left[1]:.1f} L{right[0]:.1f} {right[1]:.1f}Z" '
        'fill="url(#face)" stroke="#b9cfea" stroke-width="2.5" stroke-linejoin="round"/>',
        *inside,
        *outside,
        label((92, 330), "白光", 22, 'font-weight="700"')
        + label((92, 354), "white light", 15, 'style="fill:#9aa6bd"'),
        label((438, 440), "棱镜", 18) + label((438, 462), "glass prism", 14, 'style="fill:#9aa6bd"'),
    ]
    parts.append(
        label((64, 560), "λ / nm", 15, 'style="fill:#9aa6bd"') + label((64, 590), "n", 17, 'class="it"')
    )
    for column, (nanometres, n, colour) in enumerate(names):
        x = 134 + column * 86
        parts.append(f'<rect x="{x}" y="528" width="70" height="8" rx="4" fill="{colour}"/>')
        parts.append(label((x, 560), str(nanometres), 16) + label((x, 590), f"{n:.3f}", 16))
    return "".join(parts)


def bow() -> str:
    """Labels of the two rainbows; places read off the rendered picture."""
    return "".join(
        [
            line((280, 234), (212, 204), "#fff", 1.5),
            label((64, 180), "虹 primary bow", 18, 'font-weight="700"'),
            label((64, 204), "约 42°，外红内紫", 15) + label((64, 225), "about 42°, red outside", 14),
            line((176, 92), (258, 66), "#fff", 1.5),
            label((266, 60), "霓 secondary bow", 18, 'font-weight="700"'),
            label((266, 84), "约 51°，外紫内红　about 51°, red inside", 15),
        ]
    )


def pool() -> str:
    """The true bottom, the apparent one, and two rays near the vertical."""
    surface, bottom, n = 140.0, 440.0, 1.333
    apparent = surface + (bottom - surface) / n
    source = (150.0, bottom)
    parts = [
        '<rect y="140" width="530" height="300" rx="6" fill="#7cc4dc" fill-opacity=".75"/>',
        '<rect y="440" width="530" height="26" fill="#8d7458"/>',
        line((0, surface), (530, surface), "#1f7fa6", 3),
        line((0, apparent), (530, apparent), "#8d7458", 2.5, 'stroke-dasharray="10 7"'),
    ]
    for inner in (12.0, 22.0):
        x = source[0] + (bottom - surface) * math.tan(math.radians(inner))
        outer = refracted(inner, n, 1.0)
        above = (x + 128 * math.tan(math.radians(outer)), surface - 128)
        image = (x - (apparent - surface) * math.tan(math.radians(outer)), apparent)
        parts += [
            arrow(source, (x, surface), "#c43d12", 3.5),
            arrow((x, surface), above, "#c43d12", 3.5),
            line((x, surface), image, "#c43d12", 1.6, 'stroke-dasharray="5 5"'),
        ]
    parts += [
        line((440, surface), (440, bottom), "#18243a", 1.6) + label((452, 390), "h = ?", 22, 'class="it"'),
        line((380, surface), (380, apparent), "#18243a", 1.6)
        + label((284, 260), "h′ = 1.50 m", 17, 'class="it"'),
        label((212, apparent + 24), "看到的池底 apparent bottom", 15),
        label((212, 459), "真实的池底 true bottom", 15, 'style="fill:#fff"'),
        label((16, 128), "水面 surface", 15),
        f'<circle cx="{source[0]}" cy="{source[1]}" r="7" fill="#18243a"/>',
    ]
    return "".join(parts)


def graph() -> str:
    """Angle of refraction over angle of incidence, from air."""
    x0, y0, w, h = 62.0, 452.0, 500.0, 420.0

    def at(theta_1: float, theta_2: float) -> Point:
        return x0 + w * theta_1 / 90, y0 - h * theta_2 / 70

    parts = []
    for tick in range(0, 91, 15):
        x = at(tick, 0)[0]
        parts += [
            line((x, y0), (x, y0 - h), "#e1e8f0", 1),
            label((x, y0 + 22), f"{tick}°", 14, 'text-anchor="middle"'),
        ]
    for tick in range(0, 71, 10):
        y = at(0, tick)[1]
        parts += [
            line((x0, y), (x0 + w, y), "#e1e8f0", 1),
            label((x0 - 10, y + 5), f"{tick}°", 14, 'text-anchor="end"'),
        ]
    parts.append(line(at(0, 0), at(70, 70), "#9aa6bd", 1.5, 'stroke-dasharray="6 5"'))
    curves = [
        ("水 water", 1.333, "#1f7fa6", -14),
        ("玻璃 glass", 1.517, "#c06c0c", 26),
        ("金刚石 diamond", 2.417, "#7a3fb0", 26),
    ]
    for name, n, colour, below in curves:
        points = " ".join("{:.1f},{:.1f}".format(*at(t, refracted(t, 1, n))) for t in range(0, 91, 2))
        parts.append(f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="4"/>')
        x, y = at(90, refracted(80, 1, n))
        parts.append(
            label((x, y + below), name, 15, f'text-anchor="end" font-weight="700" style="fill:{colour}"')
        )
    parts += [
        line((x0, y0), (x0 + w, y0), "#18243a", 2),
        line((x0, y0), (x0, y0 - h), "#18243a", 2),
        label((x0 + w / 2, y0 + 54), "入射角 angle of incidence θ₁", 15, 'text-anchor="middle"'),
        label((x0 + 12, y0 - h + 16), "折射角 angle of refraction θ₂", 15),
        label(
            (232, 228),
            "θ₂ = θ₁：不折射 no bending",
            14,
            'style="fill:#5c6b82" transform="rotate(-47.2 232 228)"',
        ),
    ]
    return "".join(parts)


def drop() -> str:
    """A drop of water with the path of a ray inside it: refracted, reflected, refracted."""
    centre, radius = (930.0, 350.0), 250.0
    offset = 0.86  # where the ray meets the drop, as a share of the radius: near the rainbow's
    incidence = math.degrees(math.asin(offset))
    entry = (centre[0] - radius * math.cos(math.radians(incidence)), centre[1] - radius * offset)
    parts = [taper((600, entry[1]), entry, 1.0, 3.2, "url(#beam)")]
    colours = [
        (1.318, "#ff5a4d"), (1.326, "#ffb03a"), (1.334, "#ffef6b"),
        (1.343, "#6df08c"), (1.352, "#59c7ff"), (1.362, "#b685ff"),
    ]  # fmt: skip
    for n, colour in colours:
        inner = refracted(incidence, 1.0, n)
        turn = 180 - 2 * inner
        back = towards(centre, 180 + incidence + turn, radius)
        out = towards(centre, 180 + incidence + 2 * turn, radius)
        leaving = 180 + incidence + 2 * turn + incidence
        parts += [
            line(entry, back, colour, 3, 'stroke-opacity=".9"'),
            line(back, out, colour, 3, 'stroke-opacity=".9"'),
            line(out, towards(out, leaving, 330), colour, 5, 'stroke-opacity=".95" stroke-linecap="round"'),
        ]
    return "".join(parts)


DRAWINGS = {
    "drop": drop,
    "snell": snell,
    "table": table,
    "bars": bars,
    "prism": prism,
    "bow": bow,
    "pool": pool,
    "graph": graph,
}
