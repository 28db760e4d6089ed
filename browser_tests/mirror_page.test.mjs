// The page of the mirrors shows what the status document says.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage, STATUS_PATH } from "./site.mjs";
import { finding, mirror, sampleDocument, statusDocument } from "./status_documents.mjs";

const browser = browserForTests();
const now = Date.now();

const openMirrors = (test, document, options) => openMirrorPage(test, browser(), document, { now, ...options });
// Not the inner text: what is out of sight is not laid out, and then has none.
const texts = (page, selector) => page.locator(selector).allTextContents();

test("every mirror has a line, the worst first, with words for its state", async (t) => {
  const { page, guard } = await openMirrors(t, sampleDocument(now));
  await page.getByRole("heading", { name: "3 of 12 mirrors have problems" }).waitFor();
  assert.deepEqual(await texts(page, ".filter:not([hidden]) .filter-count"), ["12", "3", "4", "5"]);
  assert.deepEqual(await texts(page, ".mirror-state"), [
    ...Array(3).fill("Problem"),
    ...Array(4).fill("Warning"),
    ...Array(5).fill("OK"),
  ]);
  assert.deepEqual((await texts(page, ".mirror-url")).slice(0, 2), [
    "http://closed.quarry.example/debian/",
    "https://mirror.old-mill.example/yum/",
  ]);
  assert.equal(await page.title(), "3 of 12 mirrors have problems · Package mirrors");
  guard.assertClean();
});

test("a line tells addresses, latency, lag, certificate and the age of the check", async (t) => {
  const { page, guard } = await openMirrors(t, sampleDocument(now));
  const line = page.locator("summary", { hasText: "six.meadow.example" });
  await line.waitFor();
  const cells = await line.locator(".measure").allTextContents();
  assert.deepEqual(cells, ["works", "fails", "22 ms", "none", "61 d", "1 minute ago"]);
  const lagging = page.locator("summary", { hasText: "mirror.lakeside.example" });
  assert.equal((await lagging.locator(".measure").allTextContents())[3], "3 d");
  const expired = page.locator("summary", { hasText: "mirror.old-mill.example" });
  assert.deepEqual((await expired.locator(".measure").allTextContents()).slice(0, 5), [
    "fails",
    "untested",
    "–",
    "–",
    "expired",
  ]);
  guard.assertClean();
});

test("opening a line shows each finding and what was measured", async (t) => {
  const { page, guard } = await openMirrors(t, sampleDocument(now));
  const row = page.locator("li.mirror", { hasText: "twins.orchard.example" });
  await row.locator("summary").click();
  assert.deepEqual(await texts(row, ".finding-severity"), ["Warning", "Notice"]);
  assert.deepEqual(await texts(row, ".finding-code"), ["MIRROR-GENERATIONS-DIFFER", "MIRROR-BEHIND"]);
  assert.deepEqual(await texts(row, ".finding-place"), ["dists/stable/InRelease", "IPv6 · dists/stable/InRelease"]);
  const facts = await row.locator(".detail-facts").innerText();
  for (const part of ["2001:db8::17", "first byte 22 ms", "HTTP 200, 48,123 bytes", "UTC"]) {
    assert.ok(facts.includes(part), `${part} in ${facts}`);
  }
  guard.assertClean();
});

test("an error that is also a finding is told once, other errors are told as well", async (t) => {
  const entry = mirror(now, { findings: [finding("MIRROR-REFUSED", "error", "connection refused")] });
  entry.errors.push("failed to connect: name or service not known");
  const { page } = await openMirrors(t, statusDocument({ "https://a.example/": entry }, now));
  await page.locator("summary").click();
  assert.deepEqual(await texts(page, ".finding-message"), [
    "failed to connect: name or service not known",
    "connection refused",
  ]);
});

test("entries as the original service wrote them are enough", async (t) => {
  const { page, guard } = await openMirrors(t, {
    mirror: {
      "https://a.example/": {
        running: true,
        errors: [],
        time: new Date(now - 180_000).toISOString().slice(0, 19).replace("T", " "),
      },
      "https://b.example/": { running: false, errors: ["failed to connect"], time: "2022-07-27 18:04:05.123456" },
    },
  });
  await page.locator("summary").first().waitFor();
  assert.deepEqual(await texts(page, ".mirror-state"), ["Problem", "OK"]);
  assert.deepEqual((await texts(page, "summary time")).slice(1), ["3 minutes ago"]);
  assert.equal(await page.locator("summary time").first().getAttribute("title"), "2022-07-27 18:04:05 UTC");
  guard.assertClean();
});

test("wrong entries are unknown, and the others are shown", async (t) => {
  const good = mirror(now);
  const { page, guard } = await openMirrors(
    t,
    statusDocument(
      {
        "https://null.example/": null,
        "https://list.example/": [],
        "https://text.example/": "up",
        "https://numbers.example/": {
          running: 1,
          errors: { a: 1 },
          time: 5,
          findings: [7, null, { code: {}, severity: [] }],
          facts: {
            families: [null, { family: "ipv4", files: [null, 3] }],
            lag_seconds: -4,
            certificate_not_after: "soon",
          },
        },
        "https://good.example/": good,
      },
      now,
    ),
  );
  await page.getByRole("heading", { name: "Some states are not known" }).waitFor();
  assert.deepEqual((await texts(page, ".mirror-state")).sort(), ["OK", "Unknown", "Unknown", "Unknown", "Unknown"]);
  for (const summary of await page.locator("summary").all()) await summary.click();
  await page.getByLabel("Unknown").check({ force: true });
  assert.equal(await page.locator("summary:visible").count(), 4);
  guard.assertClean();
});

for (const [what, document] of [
  ["no section", {}],
  ["an empty section", { mirror: {} }],
  ["a wrong section", { mirror: [] }],
]) {
  test(`a document with ${what} of mirrors says that there is no status yet`, async (t) => {
    const { page, guard } = await openMirrors(t, document);
    await page.getByRole("heading", { name: "No status yet" }).waitFor();
    assert.equal(await page.locator("#controls").isVisible(), false);
    guard.assertClean();
  });
}

test("a status file that does not exist yet is no failure", async (t) => {
  const { page, guard, site } = await openMirrors(
    t,
    {},
    {
      before: (site) => {
        site.answers[STATUS_PATH] = () => ({ status: 404, body: "" });
      },
    },
  );
  guard.tolerate("404");
  await page.getByRole("heading", { name: "No status yet" }).waitFor();
  assert.equal(await page.locator(".banner").count(), 0);
  site.answers[STATUS_PATH] = () => ({ body: JSON.stringify(sampleDocument(now)) });
  await page.getByRole("button", { name: "Refresh" }).click();
  await page.getByRole("heading", { name: "3 of 12 mirrors have problems" }).waitFor();
  guard.assertClean();
});

test("without config.json the data come from the same origin", async (t) => {
  const { page, guard } = await openMirrors(t, sampleDocument(now), {
    before: (site) => {
      site.answers["/config.json"] = () => ({ status: 404, body: "" });
    },
  });
  guard.tolerate("404");
  await page.getByRole("heading", { name: "3 of 12 mirrors have problems" }).waitFor();
  guard.assertClean();
});

test("config.json names the data and the title", async (t) => {
  const { page, guard, site } = await openMirrors(t, "not this one", {
    before: (site) => {
      site.answers["/config.json"] = () => ({
        body: JSON.stringify({ statusUrl: "elsewhere/status.json", title: "Mirrors of <b>Example</b>" }),
      });
      site.answers["/elsewhere/status.json"] = () => ({ body: JSON.stringify(sampleDocument(now)) });
    },
  });
  await page.getByRole("heading", { name: "Mirrors of <b>Example</b>" }).waitFor();
  await page.getByRole("heading", { name: "3 of 12 mirrors have problems" }).waitFor();
  assert.equal(
    await page.getByRole("link", { name: "Data as JSON" }).getAttribute("href"),
    `${site.origin}/elsewhere/status.json`,
  );
  guard.assertClean();
});

for (const [what, body] of [
  ["is no JSON", "{"],
  ["names a script", '{"statusUrl": "javascript:alert(1)"}'],
  ["is a list", "[]"],
]) {
  test(`a config.json that ${what} is reported, and the default is used`, async (t) => {
    const { page, guard } = await openMirrors(t, sampleDocument(now), {
      before: (site) => {
        site.answers["/config.json"] = () => ({ body });
      },
    });
    await page.getByRole("heading", { name: "3 of 12 mirrors have problems" }).waitFor();
    await page.getByRole("status").filter({ hasText: "config.json" }).waitFor();
    guard.assertClean();
  });
}

test("every module is announced in the head, so that none waits for another", async (t) => {
  const { site, page } = await openMirrors(t, sampleDocument(now));
  await page.locator("summary").first().waitFor();
  const announced = await page
    .locator("link[rel=modulepreload]")
    .evaluateAll((links) => links.map((link) => new URL(link.href).pathname));
  const asked = site.requests.filter((path) => path.startsWith("/scripts/") && path !== "/scripts/mirror_page.js");
  assert.deepEqual([...new Set(asked)].sort(), announced.sort());
});

test("the front page leads to the mirrors, a wrong address to a page that says so", async (t) => {
  const { site, page } = await openMirrors(t, sampleDocument(now));
  await page.goto(`${site.origin}/`);
  await page.waitForURL("**/mirror.html");
  await page.goto(`${site.origin}/some/where.html`);
  await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await page.getByRole("link", { name: "Status of the mirrors" }).click();
  await page.getByRole("heading", { name: "3 of 12 mirrors have problems" }).waitFor();
});
