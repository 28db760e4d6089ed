// The page of the mirrors as time goes by and loading fails.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage, STATUS_PATH } from "./site.mjs";
import { mirror, sampleDocument, statusDocument } from "./status_documents.mjs";

const browser = browserForTests();
const now = Date.UTC(2026, 10, 20, 10, 0, 0);
const MINUTE = 60_000;

// The page's clock and timers stand still unless the test moves them. They are moved by jumps: stepping through a span
// would run out the time limit of a request before the server could answer it.
async function open(test, document, { before = () => {}, ...options } = {}) {
  return openMirrorPage(test, browser(), document, {
    ...options,
    before: async (site, page) => {
      await page.clock.install({ time: now });
      await page.clock.pauseAt(now + 1000);
      await before(site);
    },
  });
}

const overall = (page, name) => page.getByRole("heading", { level: 2, name });
const requests = (site) => site.requests.filter((path) => path === STATUS_PATH).length;

async function nextRequest(site, page, span) {
  await page.locator("#refresh[aria-busy=false]").waitFor();
  const before = requests(site);
  const answered = page.waitForResponse((response) => response.url().endsWith(STATUS_PATH));
  await page.clock.fastForward(span);
  await answered;
  assert.equal(requests(site), before + 1);
}

test("the page asks again every 30 seconds and shows what is new; what is open stays open", async (t) => {
  const { page, site, guard } = await open(t, sampleDocument(now));
  await overall(page, "3 of 12 mirrors have problems").waitFor();
  await page.locator("li.mirror", { hasText: "meadow" }).locator("summary").click();
  await page.locator("summary", { hasText: "lakeside" }).focus();
  const next = sampleDocument(now + 30_000);
  delete next.mirror["http://closed.quarry.example/debian/"];
  next.mirror["https://new.example/"] = mirror(now);
  site.publish(next);
  await nextRequest(site, page, 30_500);
  await overall(page, "2 of 12 mirrors have problems").waitFor();
  assert.equal(await page.locator("summary", { hasText: "quarry" }).count(), 0);
  assert.equal(await page.locator("summary", { hasText: "new.example" }).count(), 1);
  assert.ok(await page.locator("li.mirror", { hasText: "meadow" }).locator(".detail").isVisible());
  assert.ok(await page.evaluate(() => document.activeElement.textContent.includes("lakeside")));
  guard.assertClean();
});

test("a hidden page does not ask; it asks at once when it is looked at again", async (t) => {
  const { page, site } = await open(t, sampleDocument(now));
  await overall(page, "3 of 12 mirrors have problems").waitFor();
  const setHidden = (hidden) =>
    page.evaluate((value) => {
      Object.defineProperty(document, "hidden", { configurable: true, value });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await setHidden(true);
  const before = requests(site);
  await page.clock.fastForward(10 * MINUTE);
  assert.equal(requests(site), before);
  const answered = page.waitForResponse((response) => response.url().endsWith(STATUS_PATH));
  await setHidden(false);
  await page.clock.fastForward(1);
  await answered;
});

test("times are brought up to date without asking", async (t) => {
  const { page } = await open(t, statusDocument({ "https://a.example/": mirror(now) }, now));
  await overall(page, "The mirror is OK").waitFor();
  const checked = page.locator("summary time");
  assert.equal(await checked.innerText(), "just now");
  assert.equal(await checked.getAttribute("title"), "2026-11-20 10:00:00 UTC");
  assert.equal(await checked.getAttribute("datetime"), "2026-11-20T10:00:00.000Z");
  await page.clock.fastForward(3 * MINUTE);
  assert.equal(await checked.innerText(), "3 minutes ago");
});

test("old results carry a banner and make no claim about now", async (t) => {
  const { page, guard, site } = await open(
    t,
    statusDocument({ "https://a.example/": mirror(now - 9 * MINUTE) }, now - 9 * MINUTE),
  );
  await overall(page, "The mirror is OK").waitFor();
  assert.equal(await page.locator(".banner").count(), 0);
  await page.clock.fastForward(2 * MINUTE);
  const banner = page.getByRole("status").filter({ hasText: "out of date" });
  await banner.waitFor();
  assert.match(await banner.innerText(), /the newest check was made 11 minutes ago/);
  await overall(page, "The status is out of date").waitFor();
  assert.equal(await page.title(), "Out of date · Package mirrors");
  site.publish(statusDocument({ "https://a.example/": mirror(now + 2 * MINUTE) }, now + 2 * MINUTE));
  await nextRequest(site, page, 30_500);
  await overall(page, "The mirror is OK").waitFor();
  assert.equal(await page.locator(".banner").count(), 0);
  guard.assertClean();
});

test("a document that is written anew without new checks is out of date all the same", async (t) => {
  const { page } = await open(t, statusDocument({ "https://a.example/": mirror(now - 60 * MINUTE) }, now));
  await overall(page, "The status is out of date").waitFor();
});

test("a mirror that was not checked lately stands out among the others", async (t) => {
  const { page, guard } = await open(
    t,
    statusDocument({ "https://a.example/": mirror(now), "https://b.example/": mirror(now - 60 * MINUTE) }, now),
  );
  await overall(page, "All 2 mirrors are OK").waitFor();
  assert.deepEqual(await page.locator(".is-overdue").allTextContents(), ["1 hour ago"]);
  await page.clock.fastForward(20 * MINUTE);
  await overall(page, "The status is out of date").waitFor();
  assert.equal(await page.locator(".is-overdue").count(), 0);
  guard.assertClean();
});

test("config.json says when results are old, and how often to ask", async (t) => {
  const { page, site } = await open(t, statusDocument({ "https://a.example/": mirror(now - 9 * MINUTE) }, now), {
    before: (site) => {
      site.answers["/config.json"] = () => ({ body: '{"staleAfterMinutes": 5, "refreshSeconds": 7}' });
    },
  });
  await overall(page, "The status is out of date").waitFor();
  await nextRequest(site, page, 7_100);
});

for (const [what, answer, words] of [
  ["fails", { status: 503, body: "" }, "HTTP 503"],
  ["is gone", { status: 404, body: "" }, "HTTP 404"],
  ["is no JSON", { body: "<!doctype html>" }, "not JSON"],
  ["is cut off", { body: '{"mirror": {"https://a.example/": {"runn' }, "not JSON"],
  ["is a number", { body: "7" }, "another kind"],
]) {
  test(`when the status file ${what}, the last good data stay, with a banner, until the next good answer`, async (t) => {
    const { page, site, guard } = await open(t, sampleDocument(now));
    guard.tolerate("Failed to load resource");
    await overall(page, "3 of 12 mirrors have problems").waitFor();
    const good = site.answers[STATUS_PATH];
    site.answers[STATUS_PATH] = () => answer;
    await nextRequest(site, page, 30_500);
    const alert = page.getByRole("alert").filter({ hasText: words });
    await alert.waitFor();
    assert.match(await alert.innerText(), /You see what was loaded .*\. The next try is within 30 seconds\./);
    assert.equal(await page.locator("summary:visible").count(), 12);
    site.answers[STATUS_PATH] = good;
    await page.getByRole("button", { name: "Refresh" }).click();
    await alert.waitFor({ state: "detached" });
    guard.assertClean();
  });
}

test("an unreachable server is told, and does not stop the page from asking", async (t) => {
  const { page, site, guard } = await open(t, sampleDocument(now));
  guard.tolerate("Failed to load resource");
  await overall(page, "3 of 12 mirrors have problems").waitFor();
  await page.route(`**${STATUS_PATH}`, (route) => route.abort());
  await page.clock.fastForward(30_500);
  await page.getByRole("alert").filter({ hasText: "could not be reached" }).waitFor();
  await page.locator("#refresh[aria-busy=false]").waitFor();
  await page.unroute(`**${STATUS_PATH}`);
  await nextRequest(site, page, 30_500);
  await page.getByRole("alert").waitFor({ state: "detached" });
  guard.assertClean();
});

test("when nothing was ever loaded the page says so", async (t) => {
  const { page, guard } = await open(
    t,
    {},
    {
      before: (site) => {
        site.answers[STATUS_PATH] = () => ({ status: 500, body: "" });
      },
    },
  );
  guard.tolerate("Failed to load resource");
  await page.getByRole("heading", { name: "The status could not be loaded" }).waitFor();
  await page.getByRole("alert").filter({ hasText: "HTTP 500" }).waitFor();
  guard.assertClean();
});
