// A signature: strokes of a finger, kept as numbers in a box of 1000 by 400.
import { h } from "./dom.js";
import { _ } from "./words.js";

const WIDE = 1000;
const HIGH = 400;

/** Return a box to sign in; `element.strokes` are what was drawn. */
export function signaturePad() {
  const canvas = h("canvas", { width: WIDE, height: HIGH, class: "signature", role: "img", "aria-label": _("Signez ici") });
  const pen = canvas.getContext("2d");
  canvas.strokes = [];
  let stroke = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    const within = (value, most) => Math.round(Math.min(most, Math.max(0, value)));
    return [within(((event.clientX - box.left) / box.width) * WIDE, WIDE), within(((event.clientY - box.top) / box.height) * HIGH, HIGH)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    stroke = [at(event)];
    canvas.strokes.push(stroke);
    event.preventDefault();
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const [from, to] = [stroke.at(-1), at(event)];
    stroke.push(to);
    pen.lineWidth = 6;
    pen.lineCap = "round";
    pen.strokeStyle = getComputedStyle(canvas).color;
    pen.beginPath();
    pen.moveTo(...from);
    pen.lineTo(...to);
    pen.stroke();
  });
  const end = () => { stroke = null; };
  canvas.addEventListener("pointerup", end);
  canvas.addEventListener("pointercancel", end);
  canvas.clear = () => { canvas.strokes = []; pen.clearRect(0, 0, WIDE, HIGH); };
  return canvas;
}
