// The camera as a reader of codes: the browser's own detector where it has one, else WebAssembly, loaded only then.
import { fill, h } from "./dom.js";
import { _ } from "./words.js";

const FORMATS = ["qr_code", "data_matrix", "code_128", "code_39", "ean_13"];
const EVERY = 200;

async function detector() {
  if ("BarcodeDetector" in window) {
    const known = await window.BarcodeDetector.getSupportedFormats();
    if (known.includes("qr_code")) return new window.BarcodeDetector({ formats: FORMATS.filter((one) => known.includes(one)) });
  }
  if (!window.BarcodeDetectionAPI) {
    await new Promise((resolve, reject) => {
      document.head.append(h("script", { src: "/field/shell/scanner.js", onload: resolve, onerror: reject }));
    });
  }
  const { BarcodeDetector, prepareZXingModule } = window.BarcodeDetectionAPI;
  prepareZXingModule({ overrides: { locateFile: (name, prefix) => (name.endsWith(".wasm") ? "/field/shell/zxing_reader.wasm" : prefix + name) } });
  return new BarcodeDetector({ formats: FORMATS });
}

/** Read the codes of one picture. */
export async function codesIn(picture) {
  return (await (await detector()).detect(picture)).map((code) => code.rawValue);
}

/** Show the camera until a code is read or the reader gives up; returns its text, or null. */
export async function scan() {
  let stream;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" }, audio: false });
  } catch {
    throw new Error(_("L'appareil photo n'est pas accessible ; autorisez-le, ou tapez le numéro."));
  }
  const video = h("video", { playsinline: true, muted: true, autoplay: true });
  video.muted = true;
  video.srcObject = stream;
  const [track] = stream.getVideoTracks();
  let lit = false;
  const torch = h("button", { type: "button", class: "second", onclick: async () => {
    lit = !lit;
    await track.applyConstraints({ advanced: [{ torch: lit }] });
    torch.setAttribute("aria-pressed", String(lit));
  } }, _("Lampe"));
  let stop;
  const given = new Promise((resolve) => { stop = resolve; });
  const dialog = h("dialog", { class: "scan", "aria-label": _("Scanner un code"), oncancel: () => stop(null) }, video,
    h("p", {}, _("Cadrez le code de l'étiquette.")),
    h("div", { class: "bar" }, track.getCapabilities?.().torch && torch,
      h("button", { type: "button", onclick: () => stop(null) }, _("Taper le numéro"))));
  document.body.append(dialog);
  dialog.showModal();
  await video.play().catch(() => {});
  let timer;
  try {
    const reader = await detector();
    const look = async () => {
      const [code] = await reader.detect(video).catch(() => []);
      if (code) { navigator.vibrate?.(80); stop(code.rawValue); } else timer = setTimeout(look, EVERY);
    };
    look();
    return await given;
  } finally {
    clearTimeout(timer);
    track.stop();
    dialog.close();
    fill(dialog);
    dialog.remove();
  }
}
