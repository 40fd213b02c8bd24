// What was done and waits to be sent. It survives the closing of the browser; each entry has a key of its own, so that
// the server does it once however often it is sent.
import { apply } from "./carried.js";
import * as vault from "./vault.js";
import { Offline, SignedOut, ask, send, sendBytes } from "./net.js";

const listeners = new Set();
const KEPT_FOR = 7 * 24 * 3600 * 1000;
export const problem = { signedOut: false, offline: false, other: "", refused: false };

export function onChange(listener) { listeners.add(listener); }
function changed() { for (const listener of listeners) listener(); }

/** Return all entries, in the order they were made. */
export async function entries() {
  const found = await Promise.all((await vault.names("queue")).map((name) => vault.read("queue", name)));
  return found.filter(Boolean).sort((a, b) => a.number - b.number);
}

/** Add one thing that was done; `photos` are [{ id, kind, sha256, taken_at, latitude, longitude }], their bytes kept. */
export async function add(app, { kind, visit = null, task = null, said = {}, photos = [], key = crypto.randomUUID(), place = null, done_at = null }) {
  const all = await entries();
  const entry = {
    number: (all.at(-1)?.number || 0) + 1,
    account: app.carried.account,
    state: "pending",
    sentence: "",
    photos: photos.map((photo) => ({ ...photo, sent: false })),
    item: {
      key, kind, visit, task, place,
      done_at: done_at || new Date().toISOString(),
      based_on: app.carried.made_at,
      version: document.documentElement.dataset.version,
      said: { ...said, ...(photos.length ? { photos: photos.map((photo) => photo.sha256) } : {}) },
    },
  };
  await vault.keep("queue", key, entry);
  apply(app.carried, entry.item);
  await app.change(app.carried);
  changed();
  try {
    const worker = await navigator.serviceWorker?.ready;
    await worker?.sync?.register("send");
  } catch { /* no Background Sync here: the page sends by itself */ }
  flush();
  return entry;
}

/** Send what waits, one after the other; whoever asks meanwhile waits for the same. */
export function flush() {
  const run = () => (navigator.locks ? navigator.locks.request("field-send", sendAll) : sendAll());
  return run().finally(changed);
}

async function sendAll() {
  const held = new Set();
  problem.signedOut = problem.offline = false;
  problem.other = "";
  for (const entry of await entries()) {
    if (entry.state === "refused" && entry.item.kind === "start") held.add(entry.item.visit);
    if (entry.state !== "pending" || (entry.item.visit && held.has(entry.item.visit))) continue;
    try {
      const who = await ask("/field/state.json");
      if (who.account?.id !== entry.account.id) {
        problem.other = entry.account.name;
        return;
      }
      for (const photo of entry.photos.filter((one) => !one.sent)) await sendPhoto(entry, photo);
      const answer = await send("/field/submissions", { item: entry.item, sent_at: new Date().toISOString() });
      if (answer.state === "photos_missing") {
        for (const photo of entry.photos) photo.sent = false;
        await vault.keep("queue", entry.item.key, entry);
        continue;
      }
      if (!answer.state) continue;
      Object.assign(entry, { state: answer.state, sentence: answer.sentence || "", outcome: answer.outcome, sent_at: new Date().toISOString() });
      await vault.keep("queue", entry.item.key, entry);
      // Of what was refused the photos stay: it is done again with them.
      if (entry.state !== "refused") for (const photo of entry.photos) await vault.forget("photos", photo.id);
      else problem.refused = true;
      if (entry.state === "refused" && entry.item.kind === "start") held.add(entry.item.visit);
    } catch (error) {
      if (error instanceof SignedOut) problem.signedOut = true;
      else if (error instanceof Offline) problem.offline = true;
      else { entry.fault = String(error.message); await vault.keep("queue", entry.item.key, entry); continue; }
      return;
    }
    changed();
  }
}

async function sendPhoto(entry, photo) {
  const bytes = await vault.readBytes(photo.id);
  const query = new URLSearchParams({ key: entry.item.key, kind: photo.kind, sha256: photo.sha256, taken_at: photo.taken_at });
  if (photo.latitude !== undefined) { query.set("latitude", photo.latitude); query.set("longitude", photo.longitude); }
  const answer = await sendBytes(`/field/photos?${query}`, bytes);
  if (answer.kept || answer.state === "refused") {
    // A photo the server cannot read is left out; the submission then says so.
    photo.sent = true;
    if (!answer.kept) entry.item.said.photos = entry.item.said.photos.filter((one) => one !== photo.sha256);
    await vault.keep("queue", entry.item.key, entry);
  }
}

/** Look what became of what was sent: tests that completed, conflicts that were settled. */
export async function follow() {
  const all = await entries();
  const sent = all.filter((entry) => entry.sent_at);
  if (!sent.length) return false;
  const told = await send("/field/progress", { keys: sent.slice(-200).map((entry) => entry.item.key) });
  if (!told.submissions) return false;
  let different = false;
  for (const entry of sent) {
    const now = told.submissions[entry.item.key];
    const test = told.tests[entry.item.key];
    const before = JSON.stringify(entry);
    if (now) Object.assign(entry, { state: now.state, sentence: now.sentence, settled_by: now.settled_by });
    if (test) entry.test = test;
    const over = Date.now() - Date.parse(entry.sent_at) > KEPT_FOR && entry.state === "applied" && entry.test?.state !== "pending";
    if (over) { await vault.forget("queue", entry.item.key); different = true; }
    else if (JSON.stringify(entry) !== before) { await vault.keep("queue", entry.item.key, entry); different = true; }
  }
  if (different) changed();
  return different;
}

/** Return what a refused entry said as a draft to correct, under a key of its own; its photos are still there. */
export function again(entry) {
  return { at: 0, said: entry.item.said, photos: entry.photos.map(({ sent: _sent, ...photo }) => photo), key: crypto.randomUUID() };
}

/** Take out an entry the server refused, once its author does it again. */
export async function drop(key) {
  const entry = await vault.read("queue", key);
  if (entry?.state === "refused") await vault.forget("queue", key);
  changed();
}
