// The page of the mirrors without a mouse.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage } from "./site.mjs";
import { sampleDocument } from "./status_documents.mjs";

const browser = browserForTests();

async function open(test) {
  const opened = await openMirrorPage(test, browser(), sampleDocument(Date.now()));
  await opened.page.locator("summary").first().waitFor();
  return opened;
}

const focused = (page) =>
  page.evaluate(() => document.activeElement.id || document.activeElement.name || document.activeElement.tagName);

test("a slash leads to the search, Escape empties it", async (t) => {
  const { page } = await open(t);
  await page.keyboard.press("/");
  assert.equal(await focused(page), "find");
  await page.keyboard.type("example/linux");
  assert.equal(await page.getByRole("searchbox").inputValue(), "example/linux");
  assert.equal(await page.locator("summary:visible").count(), 1);
  await page.keyboard.press("Escape");
  assert.equal(await page.getByRole("searchbox").inputValue(), "");
  assert.equal(await page.locator("summary:visible").count(), 12);
});

test("Enter in the search leaves the page as it is", async (t) => {
  const { page } = await open(t);
  await page.keyboard.press("/");
  await page.keyboard.type("meadow");
  await page.keyboard.press("Enter");
  assert.equal(await page.locator("summary:visible").count(), 1);
});

test("arrow keys choose the filter", async (t) => {
  const { page } = await open(t);
  await page.getByRole("radio", { name: "All mirrors" }).focus();
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("summary:visible").count(), 3);
  await page.keyboard.press("ArrowRight");
  assert.equal(await page.locator("summary:visible").count(), 4);
});

test("everything is reached by Tab in the order of the page, and what has the focus shows it", async (t) => {
  const { page, guard } = await open(t);
  const stops = [];
  for (let step = 0; step < 6; step += 1) {
    await page.keyboard.press("Tab");
    stops.push(await focused(page));
    const outlined = await page.evaluate(() => {
      const at = document.activeElement;
      return [at, at.closest("label")]
        .filter(Boolean)
        .some((element) => getComputedStyle(element).outlineStyle !== "none");
    });
    assert.ok(outlined, `no outline on ${stops.at(-1)}`);
  }
  assert.deepEqual(stops, ["A", "refresh", "show", "find", "sort", "SUMMARY"]);
  guard.assertClean();
});

test("Enter opens and closes a line", async (t) => {
  const { page } = await open(t);
  const row = page.locator("li.mirror").first();
  await row.locator("summary").focus();
  await page.keyboard.press("Enter");
  await row.locator(".finding").waitFor();
  await page.keyboard.press("Enter");
  await row.locator(".finding").waitFor({ state: "hidden" });
});

test("the first Tab leads past the head of the page", async (t) => {
  const { page } = await open(t);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.id === "mirrors");
});
