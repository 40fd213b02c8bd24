// Keeps the application on the phone. It holds files that are the same for everybody, never what a technician carries
// (that is in vault.js, encrypted), so that whoever signs in next finds nothing of the one before.
"use strict";

const facts = FACTS;
const shelf = `field-${facts.version}`;

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(shelf);
    await cache.addAll(facts.first.map((address) => new Request(address, { cache: "reload" })));
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name.startsWith("field-") && name !== shelf).map((name) => caches.delete(name)));
    await self.clients.claim();
  })());
});

self.addEventListener("fetch", (event) => {
  const address = new URL(event.request.url);
  if (event.request.method !== "GET" || address.origin !== self.location.origin) return;
  const path = address.pathname === "/field" ? "/field/" : address.pathname;
  if (![...facts.first, ...facts.later].includes(path)) return;
  event.respondWith((async () => {
    const cache = await caches.open(shelf);
    const kept = await cache.match(path);
    if (kept) return kept;
    const answer = await fetch(event.request);
    if (answer.ok) await cache.put(path, answer.clone());
    return answer;
  })());
});

// Said by the page once visits are downloaded: the reader of bar codes is large, and needed where there is no network.
self.addEventListener("message", (event) => {
  if (event.data !== "keep the scanner") return;
  event.waitUntil((async () => {
    const cache = await caches.open(shelf);
    for (const address of facts.later) {
      if (!(await cache.match(address))) await cache.add(address);
    }
  })());
});

// Where the browser has Background Sync it wakes us up when the network is back; elsewhere the page sends by itself.
self.addEventListener("sync", (event) => {
  if (event.tag !== "send") return;
  event.waitUntil((async () => {
    for (const client of await self.clients.matchAll({ type: "window" })) client.postMessage("send");
  })());
});
