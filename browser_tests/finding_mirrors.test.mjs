// Filters, search, order and permalinks of the page of the mirrors.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage } from "./site.mjs";
import { sampleDocument } from "./status_documents.mjs";

const browser = browserForTests();
const now = Date.now();

async function open(test, path) {
  const opened = await openMirrorPage(test, browser(), sampleDocument(now), { path, now });
  await opened.page.getByRole("heading", { level: 2, name: "3 of 12 mirrors have problems" }).waitFor();
  return opened;
}

// Not the inner text: what is out of sight is not laid out, and then has none.
const hosts = (page) => page.locator("li.mirror:not([hidden]) .mirror-url b").allTextContents();
const listed = (page) => page.locator("li.mirror:not([hidden])").first().waitFor();
const query = (page) => new URL(page.url()).search;

for (const [name, value, count] of [
  ["Problems", "problems", 3],
  ["Warnings", "warnings", 4],
  ["OK", "ok", 5],
]) {
  test(`the filter "${name}" lists these mirrors and stands in the address`, async (t) => {
    const { page, guard } = await open(t, "/mirror.html");
    await page.getByRole("radio", { name }).check();
    const found = await hosts(page);
    assert.equal(found.length, count);
    assert.equal(query(page), `?show=${value}`);
    assert.equal(await page.getByRole("status").filter({ hasText: "of" }).innerText(), `${count} of 12 mirrors`);
    await page.reload();
    await listed(page);
    assert.deepEqual(await hosts(page), found);
    assert.ok(await page.getByRole("radio", { name }).isChecked());
    guard.assertClean();
  });
}

test("going back leads to the filter before", async (t) => {
  const { page } = await open(t, "/mirror.html");
  await page.getByRole("radio", { name: "Problems" }).check();
  await page.getByRole("radio", { name: "Warnings" }).check();
  await page.goBack();
  assert.equal((await hosts(page)).length, 3);
  assert.ok(await page.getByRole("radio", { name: "Problems" }).isChecked());
  await page.goBack();
  assert.equal((await hosts(page)).length, 12);
});

test("a search finds by address, code and message; every word must be there", async (t) => {
  const { page, guard } = await open(t, "/mirror.html");
  const search = page.getByRole("searchbox");
  for (const [words, expected] of [
    ["MEADOW", ["six.meadow.example"]],
    ["tls-exp", ["mirror.old-mill.example", "deb.copperfield.example"]],
    ["connection refused", ["closed.quarry.example", "six.meadow.example"]],
    ["refused warning", ["six.meadow.example"]],
  ]) {
    await search.fill(words);
    assert.deepEqual(await hosts(page), expected, words);
  }
  await page.waitForURL((url) => url.searchParams.get("find") === "refused warning");
  await page.reload();
  await listed(page);
  assert.deepEqual(await hosts(page), ["six.meadow.example"]);
  assert.equal(await search.inputValue(), "refused warning");
  guard.assertClean();
});

test("a search without a match says so and leads back to all", async (t) => {
  const { page, guard } = await open(t, "/mirror.html?show=ok&find=nowhere");
  await page.getByRole("heading", { name: "No mirror matches" }).waitFor();
  await page.getByRole("button", { name: "Show all mirrors" }).click();
  assert.equal((await hosts(page)).length, 12);
  assert.equal(query(page), "");
  guard.assertClean();
});

for (const [order, first] of [
  ["address", "closed.quarry.example"],
  ["latency", "mirror.tidewater.example"],
  ["lag", "mirror.lakeside.example"],
  ["certificate", "mirror.old-mill.example"],
  ["checked", "packages.harbor.example"],
]) {
  test(`sorted by ${order}, what deserves attention is first and the unknown last`, async (t) => {
    const { page } = await open(t, "/mirror.html");
    await page.getByLabel("Sort by").selectOption(order);
    const found = await hosts(page);
    assert.equal(found[0], first);
    if (order === "latency")
      assert.deepEqual(found.slice(-3).sort(), [
        "closed.quarry.example",
        "mirror.old-mill.example",
        "mirror.portal.example",
      ]);
    assert.equal(query(page), `?sort=${order}`);
    await page.reload();
    await listed(page);
    assert.deepEqual(await hosts(page), found);
  });
}

test("an address that asks for what there is not shows everything", async (t) => {
  const { page, guard } = await open(t, "/mirror.html?show=constructor&sort=toString&find=#%E0%A4%A");
  assert.equal((await hosts(page)).length, 12);
  guard.assertClean();
});

test("a link to a mirror opens it, even when a filter would hide it", async (t) => {
  const address = "https://mirror.tidewater.example/debian-security/";
  const { page, guard } = await open(t, `/mirror.html?show=problems#${encodeURIComponent(address)}`);
  const row = page.locator("li.mirror", { hasText: "tidewater" });
  await row.getByText("Nothing is wrong.").waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent.includes("tidewater")), true);
  const link = row.getByRole("link", { name: "Link to this entry" });
  assert.equal(new URL(await link.getAttribute("href"), page.url()).hash, `#${encodeURIComponent(address)}`);
  guard.assertClean();
});

test("following a link to a mirror within the page opens it", async (t) => {
  const { page } = await open(t, "/mirror.html");
  await page.evaluate(() => {
    location.hash = encodeURIComponent("http://closed.quarry.example/debian/");
  });
  await page.locator("li.mirror", { hasText: "quarry" }).locator(".finding").waitFor();
});
