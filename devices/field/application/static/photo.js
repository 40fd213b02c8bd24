// A photo is made small on the phone: drawn anew, so that nothing the camera hid in the file travels inside it. Where it
// was taken (GPS of its EXIF) is read before and kept beside.
import * as vault from "./vault.js";

const LONGEST = 1280;
const QUALITY = 0.72;

/** Return { latitude, longitude } from the EXIF of a JPEG, or null (Exif 2.3, tags 0x8825, GPS 1 to 4). */
export function positionIn(buffer) {
  const view = new DataView(buffer);
  if (view.byteLength < 12 || view.getUint16(0) !== 0xffd8) return null;
  let offset = 2;
  while (offset + 4 < view.byteLength && view.getUint8(offset) === 0xff) {
    const marker = view.getUint16(offset);
    const length = view.getUint16(offset + 2);
    if (marker === 0xffe1 && view.getUint32(offset + 4) === 0x45786966) {
      try { return gpsOf(new DataView(buffer, offset + 10, length - 8)); } catch { return null; }
    }
    if (marker === 0xffda) return null;
    offset += 2 + length;
  }
  return null;
}

function gpsOf(tiff) {
  const little = tiff.getUint16(0) === 0x4949;
  const short = (at) => tiff.getUint16(at, little);
  const long = (at) => tiff.getUint32(at, little);
  const tags = (start) => {
    const found = new Map();
    for (let n = 0; n < short(start); n += 1) {
      const at = start + 2 + n * 12;
      found.set(short(at), at + 8);
    }
    return found;
  };
  const pointer = tags(long(4)).get(0x8825);
  if (pointer === undefined) return null;
  const gps = tags(long(pointer));
  const degrees = (tag, reference, negative) => {
    const at = long(gps.get(tag));
    const [d, m, s] = [0, 8, 16].map((more) => long(at + more) / long(at + more + 4));
    const value = d + m / 60 + s / 3600;
    return String.fromCharCode(tiff.getUint8(gps.get(reference))) === negative ? -value : value;
  };
  const found = { latitude: degrees(2, 1, "S"), longitude: degrees(4, 3, "W") };
  return Number.isFinite(found.latitude) && Number.isFinite(found.longitude) ? found : null;
}

async function sha256(bytes) {
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Make a photo small, keep it encrypted, and return what is said of it. */
export async function takeIn(file, kind) {
  const position = positionIn(await file.arrayBuffer());
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
  const bytes = await blob.arrayBuffer();
  const id = crypto.randomUUID();
  await vault.keepBytes(id, bytes);
  return { id, kind, sha256: await sha256(bytes), taken_at: new Date(file.lastModified || Date.now()).toISOString(), ...position };
}

/** Return an address under which a kept photo can be shown. */
export async function shown(id) {
  const bytes = await vault.readBytes(id);
  return bytes ? URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" })) : "";
}
