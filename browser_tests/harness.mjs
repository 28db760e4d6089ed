// What every test of a page needs: a browser, a page that notices what must not happen, a screenshot.

import assert from "node:assert/strict";
import { after, before } from "node:test";

import { CHROMIUM_FLAGS, findChromium } from "./browser.mjs";
import { requirePackage } from "./packages.mjs";

/** Starts a browser with a profile of its own. */
export async function launchBrowser() {
  const executablePath = findChromium();
  assert.ok(executablePath, "there is no Chromium; browser_tests/run.mjs says what to do");
  const { chromium } = requirePackage("playwright-core");
  return chromium.launch({ executablePath, args: CHROMIUM_FLAGS });
}

/** A browser for all tests of a file: `const browser = browserForTests()`, then `browser()` inside a test. */
export function browserForTests() {
  let browser;
  before(async () => {
    browser = await launchBrowser();
  });
  after(() => browser?.close());
  return () => browser;
}

/**
 * Opens an empty page in a session of its own. `guard` records what no page of ours may do; call `guard.assertClean()`
 * at the end of the test. Requests to other origins than `origins` are recorded and stopped.
 */
export async function openPage(
  browser,
  { origins, width = 1280, height = 900, dark = false, reducedMotion = "reduce", ...more } = {},
) {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: dark ? "dark" : "light",
    reducedMotion,
    ...more,
  });
  const page = await context.newPage();
  const guard = await guardPage(page, origins);
  return { page, guard, close: () => context.close() };
}

/** Opens a page for one test, and closes it when the test ends. */
export async function pageForTest(test, browser, options) {
  const opened = await openPage(browser, options);
  test.after(opened.close);
  return opened;
}

async function guardPage(page, origins) {
  const faults = [];
  const tolerated = [];
  page.on("pageerror", (error) => faults.push(`uncaught: ${error.message}`));
  page.on("dialog", (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
  });
  if (origins) {
    await page.route(
      (url) => url.protocol.startsWith("http") && !origins.includes(url.origin),
      (route) => {
        faults.push(`request to another origin: ${route.request().url()}`);
        return route.abort();
      },
    );
  }
  return {
    /** Faults that contain this text belong to the test. */
    tolerate: (part) => tolerated.push(part),
    /** Fails with whatever the page did that it must not do. */
    assertClean: () =>
      assert.deepEqual(
        faults.filter((fault) => !tolerated.some((part) => fault.includes(part))),
        [],
      ),
  };
}

/** Serious and critical findings of axe-core on the page as it is now. */
export async function seriousAccessibilityFindings(page) {
  const axe = requirePackage("axe-core");
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ["violations"] }));
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .map(({ id, help, nodes }) => ({
      id,
      help,
      at: nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.any[0]?.message ?? ""}`),
    }));
}
