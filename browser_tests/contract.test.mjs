// The page reads what the scanner writes: the results that the scanner's own tests recorded.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage } from "./site.mjs";
import { statusDocument } from "./status_documents.mjs";

const browser = browserForTests();
const SNAPSHOTS = join(import.meta.dirname, "../function_apps/scan_mirrors/tests/it/snapshots");
const now = Date.UTC(2026, 10, 20, 12, 0, 30);

// Each result under the name of its snapshot. Measured times are blotted out there, so these are put back.
function recordedResults() {
  const mirrors = {};
  for (const file of readdirSync(SNAPSHOTS)) {
    const name = /__checks__(.+)\.snap$/.exec(file)?.[1];
    if (!name) continue;
    const body = readFileSync(join(SNAPSHOTS, file), "utf8").split(/^---$/m)[2];
    const message = JSON.parse(body.replaceAll('"[ms]"', "12").replaceAll('"[time]"', '"2026-11-20 12:00:00.000001"'));
    assert.equal(message.status_type, "mirror", file);
    const [entry] = Object.values(message.status);
    mirrors[`https://${name}.example/`] = entry;
  }
  return mirrors;
}

test("results as the scanner writes them are understood", async (t) => {
  const mirrors = recordedResults();
  assert.ok(Object.keys(mirrors).length >= 5, "there are no recorded results");
  const { page, guard } = await openMirrorPage(t, browser(), statusDocument(mirrors, now), { now });
  await page.locator("summary").first().waitFor();
  const lines = await page.locator("summary").evaluateAll((summaries) =>
    summaries.map((summary) => ({
      host: summary.querySelector(".mirror-url b").textContent,
      state: summary.querySelector(".mirror-state").textContent.trim(),
      measures: [...summary.querySelectorAll(".measure")].map((cell) => cell.textContent.trim()),
    })),
  );
  const byName = Object.fromEntries(lines.map(({ host, ...line }) => [host.replace(".example", ""), line]));
  for (const [address, entry] of Object.entries(mirrors)) {
    const name = new URL(address).hostname.replace(".example", "");
    const severities = entry.findings.map((finding) => finding.severity);
    const state = severities.includes("error") ? "Problem" : severities.includes("warning") ? "Warning" : "OK";
    assert.equal(byName[name].state, state, name);
    assert.equal(byName[name].measures[5], "just now", name);
    const asked = entry.facts.families.filter((family) => family.files?.length > 0).map((family) => family.family);
    for (const [place, family] of ["ipv4", "ipv6"].entries()) {
      if (asked.includes(family)) assert.match(byName[name].measures[place], /^(works|fails)$/, `${name} ${family}`);
    }
  }
  assert.deepEqual(byName.ipv6_broken.measures.slice(0, 4), ["works", "fails", "12 ms", "none"]);
  assert.deepEqual(byName.lagging.measures.slice(0, 4), ["works", "works", "12 ms", "3 d"]);
  assert.deepEqual(byName.refusing.measures.slice(0, 3), ["fails", "fails", "–"]);
  assert.equal(byName.expired_certificate.measures[4], "expired");
  guard.assertClean();
});
