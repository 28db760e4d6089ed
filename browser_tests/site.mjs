// The status site with data of the test's own.

import { join } from "node:path";

import { serveFolder } from "./static_server.mjs";

export const WEBSITE = join(import.meta.dirname, "..", "website");
export const STATUS_PATH = "/dynamic-public-data/repository_status.json";

/** Serves the site with a status document; `site.publish(document)` replaces it, text is served as it is. */
export async function serveSite(document) {
  let body;
  const publish = (next) => {
    body = typeof next === "string" ? next : JSON.stringify(next);
  };
  publish(document);
  const server = await serveFolder(WEBSITE, { [STATUS_PATH]: () => ({ body }) });
  return { ...server, publish };
}

/** Serves the site for one test. */
export async function siteForTest(test, document) {
  const site = await serveSite(document);
  test.after(site.close);
  return site;
}
