// A drawing that is larger than its place: it scrolls, is dragged, and zooms around what one points at.

const LEAST_ZOOM = 0.01, MOST_ZOOM = 2.5, READABLE = 0.42;

/** `drawing`: an SVG element; `width` and `height`: its own size; `told`: what it is, for those who do not see it. */
class Canvas {
  constructor(drawing, width, height, told) {
    Object.assign(this, { drawing, width, height, zoomed: 1, moment: null, dragged: false });
    drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
    this.box = make("div", { class: "canvas", tabindex: "0", role: "group", "aria-label": `${told}; arrow keys move, plus and minus zoom`,
      wheel: (event) => this.wheel(event), pointerdown: (event) => this.press(event), pointermove: (event) => this.drag(event),
      pointerup: () => { this.moment = null; }, pointercancel: () => { this.moment = null; }, keydown: (event) => this.key(event) }, drawing);
  }

  buttons() {
    const button = (label, said, act) => make("button", { type: "button", "aria-label": said, title: said, click: act }, label);
    return [button("+", "zoom in", () => this.zoom(1.4)), button("−", "zoom out", () => this.zoom(1 / 1.4)), button("whole", "show all of it", () => this.fit())];
  }

  /** Zooms to a scale; the point at `x`, `y` of the box stays where it is. */
  scale(to, x = this.box.clientWidth / 2, y = this.box.clientHeight / 2) {
    const scale = Math.min(MOST_ZOOM, Math.max(LEAST_ZOOM, to)), { scrollLeft: left, scrollTop: top } = this.box;
    const times = scale / this.zoomed;
    this.zoomed = scale;
    this.drawing.style.width = `${this.width * scale}px`;
    this.drawing.style.height = `${this.height * scale}px`;
    this.box.classList.toggle("far", scale < READABLE);
    this.box.dataset.zoom = scale.toFixed(4);
    this.box.scrollTo((left + x) * times - x, (top + y) * times - y);
  }

  zoom(times, x, y) {
    this.scale(this.zoomed * times, x, y);
  }

  fit() {
    this.scale(Math.min(1, (this.box.clientWidth - 2) / this.width, (this.box.clientHeight - 2) / this.height));
  }

  /** As large as can be read, from the top; of wider drawings the part around `x`. */
  begin(x = this.width / 2) {
    this.home = x;
    this.scale(Math.min(1, Math.max(0.6, (this.box.clientWidth - 2) / this.width)));
    this.box.scrollTo(x * this.zoomed - this.box.clientWidth / 2, 0);
  }

  /** Brings a point of the drawing to the middle, and near enough to be read. */
  show(x, y) {
    if (this.zoomed < READABLE) this.scale(0.8);
    this.box.scrollTo(x * this.zoomed - this.box.clientWidth / 2, y * this.zoomed - this.box.clientHeight / 2);
  }

  wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const box = this.box.getBoundingClientRect();
    this.zoom(event.deltaY > 0 ? 0.85 : 1 / 0.85, event.clientX - box.left, event.clientY - box.top);
  }

  press(event) {
    this.dragged = false;
    if (event.pointerType !== "mouse" || event.button !== 0) return; // fingers scroll
    this.moment = { x: event.clientX, y: event.clientY, left: this.box.scrollLeft, top: this.box.scrollTop };
  }

  drag(event) {
    if (!this.moment) return;
    const [across, down] = [this.moment.x - event.clientX, this.moment.y - event.clientY];
    this.dragged = this.dragged || Math.hypot(across, down) > 3;
    if (this.dragged) this.box.scrollTo(this.moment.left + across, this.moment.top + down);
  }

  key(event) {
    const by = (x, y) => () => this.box.scrollBy(x * 80, y * 80);
    const acts = { ArrowLeft: by(-1, 0), ArrowRight: by(1, 0), ArrowUp: by(0, -1), ArrowDown: by(0, 1), "+": () => this.zoom(1.4), "-": () => this.zoom(1 / 1.4), Home: () => this.begin(this.home) };
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  }
}
