// Reading and wording times.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage } from "./site.mjs";

const browser = browserForTests();

// The module runs where it is used: in the browser.
async function inPage(test, compute, argument) {
  const { page } = await openMirrorPage(test, browser(), {});
  return page.evaluate(
    async ([source, value]) => {
      const moments = await import("/scripts/moments.js");
      return value.map(([first, ...others]) => moments[source](first, ...others));
    },
    [compute, argument],
  );
}

test("moments are read with and without a zone, with and without a fraction", async (t) => {
  const at = Date.UTC(2026, 10, 20, 10, 0, 0);
  const cases = [
    ["2026-11-20 10:00:00", at],
    ["2026-11-20 10:00:00.123456", at + 123],
    ["2026-11-20T10:00:00Z", at],
    ["2026-11-20T10:00:00.123456789Z", at + 123],
    ["2026-11-20T12:00:00+02:00", at],
    ["2026-11-20T10:00:00.1Z", at + 100],
    ["2026-13-01 10:00:00", null],
    ["yesterday", null],
    ["", null],
    [17, null],
    [null, null],
    [{}, null],
  ];
  const read = await inPage(
    t,
    "readMoment",
    cases.map(([text]) => [text]),
  );
  cases.forEach(([text, expected], place) => {});
});

test("ages are told in one unit, and the future is now", async (t) => {
  const cases = [
    [-60_000, "just now"],
    [44_000, "just now"],
    [45_000, "1 minute ago"],
    [90_000, "2 minutes ago"],
    [59 * 60_000, "59 minutes ago"],
    [60 * 60_000, "1 hour ago"],
    [47 * 3_600_000, "47 hours ago"],
    [72 * 3_600_000, "3 days ago"],
    [4000 * 86_400_000, "4,000 days ago"],
  ];
  assert.deepEqual(
    await inPage(
      t,
      "ago",
      cases.map(([span]) => [1e12, 1e12 + span]),
    ),
    cases.map(([, words]) => words),
  );
});

test("spans and latencies are short", async (t) => {
  assert.deepEqual(
    await inPage(t, "short", [[0], [59_000], [60_000], [41 * 60_000], [3_600_000], [47 * 3_600_000], [48 * 3_600_000]]),
    ["0 s", "59 s", "1 min", "41 min", "1 h", "47 h", "2 d"],
  );
  assert.deepEqual(await inPage(t, "latency", [[0], [41.4], [999], [1340]]), ["0 ms", "41 ms", "999 ms", "1.3 s"]);
});
