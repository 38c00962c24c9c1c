// The service worker. It keeps static files, whose addresses change with their content, and one page for times without
// connection. Pages with data come from the house or not at all: nothing of one person is left for the next.
"use strict";
const { version, kept } = SHELFWISE;
const NAME = `shelfwise-${version}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(kept)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const forget = async () => {
    const names = await caches.keys();
    await Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)));
    await self.clients.claim();
  };
  event.waitUntil(forget());
});

const stored = async (request) => {
  const cache = await caches.open(NAME);
  const found = await cache.match(request);
  if (found) return found;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request, answer.clone());
  return answer;
};

const page = async (request) => {
  try {
    return await fetch(request);
  } catch {
    return (await caches.match("/offline")) ?? Response.error();
  }
};

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const address = new URL(request.url);
  if (address.origin !== location.origin) return;
  if (request.method === "GET" && address.pathname.startsWith("/static/")) event.respondWith(stored(request));
  // Uploads go their own way: they may be larger than what a worker should hold.
  else if (request.mode === "navigate" && !request.headers.get("content-type")?.startsWith("multipart/")) {
    event.respondWith(page(request));
  }
});
