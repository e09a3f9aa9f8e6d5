// What the box would see with these four corners: the page and a grid, projected over the camera's picture.

const $ = (id) => document.getElementById(id);
const CAMERA_MS = 2000; // the picture behind it is renewed so often
const [COLUMNS, ROWS] = [8, 6]; // of the grid

export class CornerView {
  #corners = null;
  #revision = -1;
  #timer = 0;
  #addresses = new Map(); // by image: what it shows now

  constructor(api) { this.api = api; }

  start() {
    $("corner-page-shown").addEventListener("change", () => this.#draw());
    new ResizeObserver(() => this.#draw()).observe($("corner-handles"));
    // Shares are of the picture, whatever its shape.
    $("corner-picture").addEventListener("load", ({ target }) => { target.parentElement.style.aspectRatio = `${target.naturalWidth} / ${target.naturalHeight}`; });
  }

  /** With every status of the box: a page that was turned is another content. */
  follow(status) {
    if (this.#corners && status.page.revision !== this.#revision) {
      this.#revision = status.page.revision;
      this.#show("corner-page", "/pictures/page").catch(() => { $("corner-page").removeAttribute("src"); });
    }
  }

  /** Raises Refusal when there is no picture of the camera. */
  async open(corners, status) {
    this.place(corners);
    if (status) this.follow(status);
    this.#timer = setInterval(() => {
      if (!$("calibrate-dialog").open) this.close();
      else if (document.visibilityState === "visible") this.#show("corner-picture", "/pictures/camera").catch(() => {}); // the last one stays
    }, CAMERA_MS);
    await this.#show("corner-picture", "/pictures/camera");
  }

  close() {
    clearInterval(this.#timer);
    this.#corners = null;
    this.#revision = -1;
  }

  /** corners: shares of the picture, clockwise from the top left. */
  place(corners) {
    this.#corners = corners;
    this.#draw();
  }

  async #show(id, path) {
    const address = await this.api.picture(path);
    URL.revokeObjectURL(this.#addresses.get(id));
    this.#addresses.set(id, address);
    $(id).src = address;
  }

  #draw() {
    if (!this.#corners) return;
    const corners = this.#corners;
    for (const [index, [x, y]] of corners.entries()) {
      Object.assign($("corner-handles").children[index].style, { left: `${x * 100}%`, top: `${y * 100}%` });
    }
    $("corner-outline").setAttribute("points", corners.map(([x, y]) => `${x * 100},${y * 100}`).join(" "));
    const isScreen = isConvex(corners);
    $("corner-wrong").hidden = isScreen;
    $("corners-use").disabled = !isScreen;
    $("corner-page").hidden = !isScreen || !$("corner-page-shown").checked;
    $("corner-grid").setAttribute("d", isScreen ? grid(corners) : "");
    if (!isScreen) return;
    const { clientWidth: width, clientHeight: height } = $("corner-handles");
    const [a, b, c, d, e, f, g, h] = projection(corners.map(([x, y]) => [x * width, y * height]));
    // The image is as large as the stage; its columns and rows go from 0 to width and height.
    const matrix = [a / width, d / width, 0, g / width, b / height, e / height, 0, h / height, 0, 0, 1, 0, c, f, 0, 1];
    $("corner-page").style.transform = `matrix3d(${matrix.join(",")})`;
  }
}

/** The homography from the unit square to four points, clockwise from the top left (Heckbert 1989):
    x = (a u + b v + c) / (g u + h v + 1), y = (d u + e v + f) / (g u + h v + 1). */
export function projection([[x0, y0], [x1, y1], [x2, y2], [x3, y3]]) {
  const [dx1, dx2, sx] = [x1 - x2, x3 - x2, x0 - x1 + x2 - x3];
  const [dy1, dy2, sy] = [y1 - y2, y3 - y2, y0 - y1 + y2 - y3];
  const area = dx1 * dy2 - dx2 * dy1;
  const g = (sx * dy2 - dx2 * sy) / area;
  const h = (dx1 * sy - sx * dy1) / area;
  return [x1 - x0 + g * x1, x3 - x0 + h * x3, x0, y1 - y0 + g * y1, y3 - y0 + h * y3, y0, g, h];
}

/** Straight lines stay straight: each needs its two ends alone. In hundredths of the picture. */
function grid(corners) {
  const [a, b, c, d, e, f, g, h] = projection(corners);
  const at = (u, v) => {
    const depth = g * u + h * v + 1;
    return `${((100 * (a * u + b * v + c)) / depth).toFixed(3)} ${((100 * (d * u + e * v + f)) / depth).toFixed(3)}`;
  };
  const between = (count) => Array.from({ length: count - 1 }, (_, index) => (index + 1) / count);
  return [...between(COLUMNS).map((u) => `M${at(u, 0)}L${at(u, 1)}`), ...between(ROWS).map((v) => `M${at(0, v)}L${at(1, v)}`)].join("");
}

/** Can they be a screen's, in this order? */
function isConvex(corners) {
  return corners.every(([x, y], index) => {
    const [[x1, y1], [x2, y2]] = [corners[(index + 1) % 4], corners[(index + 2) % 4]];
    return (x1 - x) * (y2 - y1) - (y1 - y) * (x2 - x1) > 1e-6;
  });
}
