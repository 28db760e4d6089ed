// The status site with data of the test's own.

import { join } from "node:path";

import { pageForTest } from "./harness.mjs";
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

/**
 * Opens the page of the mirrors for one test, on a site with this document. `before(site, page)` prepares what must be
 * so when the page is opened. `now` stops the page's clock at that moment, but not its timers.
 */
export async function openMirrorPage(
  test,
  browser,
  document,
  { path = "/mirror.html", now = null, before = () => {}, ...options } = {},
) {
  const site = await serveSite(document);
  test.after(site.close);
  const { page, guard } = await pageForTest(test, browser, { origins: [site.origin], ...options });
  if (now !== null) await page.clock.setFixedTime(now);
  await before(site, page);
  await page.goto(site.origin + path);
  return { site, page, guard };
}
