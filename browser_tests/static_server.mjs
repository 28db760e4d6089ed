// A small server for static files, with answers of the test's own where it wants them.

import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const CONTENT_TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/**
 * Serves a folder on a free port of 127.0.0.1. `answers` maps paths to `() => ({ status, type, body })`, asked at each
 * request; what it does not name comes from the folder, and what is not there is answered with `404.html`, as static
 * websites of a storage account do.
 */
export async function serveFolder(folder, answers = {}) {
  const requests = [];
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    requests.push(pathname);
    const answer = answers[pathname];
    const {
      status = 200,
      type = "application/json",
      body,
    } = answer ? await answer() : await readAnswer(folder, pathname);
    response.writeHead(status, { "content-type": type, "cache-control": "no-cache" });
    response.end(body);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const origin = `http://127.0.0.1:${server.address().port}`;
  return {
    origin,
    answers,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

async function readAnswer(folder, pathname) {
  const path = normalize(pathname === "/" ? "/index.html" : decodeURIComponent(pathname));
  try {
    return {
      type: CONTENT_TYPES[extname(path)] ?? "application/octet-stream",
      body: await readFile(join(folder, path)),
    };
  } catch {
    const body = await readFile(join(folder, "404.html")).catch(() => "not found");
    return { status: 404, type: CONTENT_TYPES[".html"], body };
  }
}
