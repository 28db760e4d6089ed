// Nothing serious for axe-core, and a layout that fits: light and dark, wide and phone, whatever the page shows.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests, seriousAccessibilityFindings } from "./harness.mjs";
import { openMirrorPage, STATUS_PATH } from "./site.mjs";
import { finding, mirror, sampleDocument, statusDocument } from "./status_documents.mjs";

const browser = browserForTests();
const now = Date.now();
const WIDE = { width: 1280, height: 900 };
const PHONE = { width: 390, height: 844, isMobile: true, hasTouch: true };

for (const [size, dimensions] of [
  ["wide", WIDE],
  ["phone", PHONE],
]) {
  for (const dark of [false, true]) {
    test(`axe-core finds nothing serious: ${size}, ${dark ? "dark" : "light"}`, async (t) => {
      const { page } = await openMirrorPage(t, browser(), sampleDocument(now - 3_600_000), { ...dimensions, dark });
      await page.locator(".banner-warning").waitFor();
      for (const host of ["twins.orchard", "old-mill", "northwind"])
        await page.locator("summary", { hasText: host }).click();
      assert.deepEqual(await seriousAccessibilityFindings(page), []);
    });
  }
}

test("axe-core finds nothing serious on the other pages and without data", async (t) => {
  const { page, site } = await openMirrorPage(
    t,
    browser(),
    {},
    {
      before: (site) => {
        site.answers[STATUS_PATH] = () => ({ status: 500, body: "" });
      },
    },
  );
  await page.getByRole("alert").waitFor();
  assert.deepEqual(await seriousAccessibilityFindings(page), []);
  await page.goto(`${site.origin}/nowhere`);
  assert.deepEqual(await seriousAccessibilityFindings(page), []);
});

for (const width of [320, 390, 640, 800, 1000, 1280]) {
  test(`at ${width} pixels nothing is wider than the page`, async (t) => {
    const document = sampleDocument(now);
    const long = "unbroken-".repeat(60);
    document.mirror[`https://${long}.example/${long}`] = mirror(now, {
      findings: [finding("MIRROR-LAGGING", "warning", long, { target: long })],
    });
    const { page } = await openMirrorPage(t, browser(), document, { width, height: 800 });
    await page.locator("summary").first().waitFor();
    for (const host of ["unbroken", "meadow", "tidewater"]) await page.locator("summary", { hasText: host }).click();
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
    // What is cut off inside the page would not widen it.
    const cut = await page
      .locator(".measure, .mirror-state, .filter-name, .filter-count, h1, h2:not(.for-screen-readers)")
      .evaluateAll((elements) =>
        elements
          .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
          .map((element) => element.textContent),
      );
    assert.deepEqual(cut, []);
  });
}

test("states differ in words and shapes, not only in colour", async (t) => {
  const { page } = await openMirrorPage(t, browser(), sampleDocument(now));
  await page.locator("summary").first().waitFor();
  const seen = await page
    .locator(".mirror-state")
    .evaluateAll((cells) =>
      cells.map((cell) => `${cell.textContent} ${getComputedStyle(cell.firstElementChild).maskImage.split("/").pop()}`),
    );
  assert.deepEqual([...new Set(seen)], ['Problem problem.svg")', 'Warning warning.svg")', 'OK ok.svg")']);
});

test("a screen reader is told what the columns are", async (t) => {
  const { page } = await openMirrorPage(t, browser(), sampleDocument(now), { now });
  await page.locator("summary").first().waitFor();
  const snapshot = await page.locator("li.mirror", { hasText: "meadow" }).ariaSnapshot();
  for (const part of [
    "Warning",
    "https://six.meadow.example/linux/",
    "IPv4",
    "works",
    "IPv6",
    "fails",
    "Latency",
    "22 ms",
    "Lag",
    "Certificate",
    "Checked",
  ]) {
    assert.ok(snapshot.includes(part), `${part} in ${snapshot}`);
  }
});

test("on paper every listed mirror is there, and nothing to press", async (t) => {
  const { page } = await openMirrorPage(
    t,
    browser(),
    statusDocument(
      Object.fromEntries(Array.from({ length: 60 }, (_, place) => [`https://m${place}.example/`, mirror(now)])),
      now,
    ),
  );
  await page.locator("summary").first().waitFor();
  await page.emulateMedia({ media: "print" });
  assert.equal(await page.getByRole("button", { name: "Refresh" }).isVisible(), false);
  assert.equal(await page.getByRole("searchbox").isVisible(), false);
  assert.equal(
    await page
      .locator("li.mirror")
      .last()
      .evaluate((row) => getComputedStyle(row).contentVisibility),
    "visible",
  );
  assert.ok((await page.pdf()).length > 20_000);
});
