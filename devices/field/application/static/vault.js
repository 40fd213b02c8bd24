// What the phone keeps: every record encrypted (AES-GCM 256) under a key that never leaves the browser and cannot be
// read by a script (not extractable). Photos, drafts and what waits to be sent are records like the others.
import { openDB } from "./idb.js";

const STORES = ["records", "queue", "photos"];
let opened;

async function base() {
  opened ??= openDB("field", 1, {
    upgrade(db) {
      db.createObjectStore("key");
      for (const name of STORES) db.createObjectStore(name);
    },
  });
  return opened;
}

async function key() {
  const db = await base();
  let found = await db.get("key", "key");
  if (!found) {
    const made = await crypto.subtle.generateKey({ name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
    // Two tabs at once: the first key stays.
    const change = db.transaction("key", "readwrite");
    found = await change.store.get("key");
    if (!found) { await change.store.put(made, "key"); found = made; }
    await change.done;
  }
  return found;
}

async function sealed(content) {
  const iv = crypto.getRandomValues(new Uint8Array(12));
  return { iv, data: await crypto.subtle.encrypt({ name: "AES-GCM", iv }, await key(), content) };
}

async function unsealed(record) {
  if (!record) return undefined;
  return crypto.subtle.decrypt({ name: "AES-GCM", iv: record.iv }, await key(), record.data);
}

/** Keep a value that JSON can write. */
export async function keep(store, name, value) {
  const record = await sealed(new TextEncoder().encode(JSON.stringify(value)));
  await (await base()).put(store, record, name);
}

export async function read(store, name) {
  const content = await unsealed(await (await base()).get(store, name));
  return content === undefined ? undefined : JSON.parse(new TextDecoder().decode(content));
}

export async function keepBytes(name, bytes) {
  await (await base()).put("photos", await sealed(bytes), name);
}

export async function readBytes(name) {
  return unsealed(await (await base()).get("photos", name));
}

export async function forget(store, name) {
  await (await base()).delete(store, name);
}

export async function names(store) {
  return (await base()).getAllKeys(store);
}

/** Forget what was downloaded and what was begun; what waits to be sent stays, encrypted, until its author sends it. */
export async function forgetVisits() {
  await (await base()).clear("records");
}
