// 5,000 mirrors: everything still works, and how long it takes is printed (not asserted: machines differ).

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage } from "./site.mjs";
import { largeDocument } from "./status_documents.mjs";

const browser = browserForTests();
const COUNT = 5000;

// From an input to the end of the frame that shows its effect.
async function timeOf(page, act) {
  return page.evaluate(async (source) => {
    const start = performance.now();
    source === "problems" || source === "all"
      ? document.querySelector(`input[value=${source}]`).click()
      : Object.assign(document.getElementById("find"), { value: source }).dispatchEvent(
          new Event("input", { bubbles: true }),
        );
    const script = performance.now();
    await new Promise((resolve) =>
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = resolve;
        channel.port2.postMessage(null);
      }),
    );
    return { script: script - start, frame: performance.now() - start };
  }, act);
}

test(`${COUNT} mirrors are rendered, filtered and searched`, async (t) => {
  const now = Date.now();
  const { page, guard } = await openMirrorPage(t, browser(), largeDocument(COUNT, now));
  await page.getByRole("heading", { level: 2, name: "500 of 5,000 mirrors have problems" }).waitFor();
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  const rendered = await page.evaluate(() => performance.getEntriesByName("mirrors-shown")[0]?.startTime);
  await page.waitForFunction((count) => document.querySelectorAll("li.mirror").length === count, COUNT);
  const complete = await page.evaluate(() => performance.now());
  t.diagnostic(
    `after navigation: first contentful paint ${paint.toFixed(0)} ms, first mirrors ${rendered.toFixed(0)} ms, all ${COUNT} within ${complete.toFixed(0)} ms`,
  );
  for (const [act, shown] of [
    ["problems", 500],
    ["all", COUNT],
    ["region-7.", 135],
    ["mirror-04999", 1],
    ["", COUNT],
  ]) {
    const { script, frame } = await timeOf(page, act);
    t.diagnostic(
      `${act === "" ? "search emptied" : act}: script ${script.toFixed(0)} ms, shown after ${frame.toFixed(0)} ms`,
    );
    assert.equal(await page.locator("li.mirror:not([hidden])").count(), shown, act);
  }
  await page.locator("li.mirror").last().scrollIntoViewIfNeeded();
  await page.locator("li.mirror summary").last().click();
  await page.locator(".detail").waitFor();
  guard.assertClean();
});
