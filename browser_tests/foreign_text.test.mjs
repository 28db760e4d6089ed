// Whatever stands in the document is text: it is shown, and does nothing.

import assert from "node:assert/strict";
import { test } from "node:test";

import { browserForTests } from "./harness.mjs";
import { openMirrorPage } from "./site.mjs";
import { finding, mirror, statusDocument } from "./status_documents.mjs";

const browser = browserForTests();
const now = Date.now();

const HOSTILE = [
  "<img src=x onerror=\"window.stolen = 'img'\">",
  "<script>window.stolen = 'script'</script>",
  "\"><svg onload=window.stolen='svg'>",
  "'-alert(1)-'",
  "{{constructor.constructor('window.stolen=1')()}}",
  "<style>body { display: none }</style>",
  "</template></li></ul><h1>taken over</h1>",
];

function hostileEntry(text) {
  const entry = mirror(now, {
    findings: [finding(text, "error", text, { target: text, families: [text, "ipv6"] }), finding("X", text, text)],
  });
  entry.errors.push(text);
  entry.facts.families[0].address = text;
  entry.facts.families[1].files = [{ target: text, status: text, bytes: text, date: text }];
  return entry;
}

test("markup and scripts in any member are shown as text and nothing is executed", async (t) => {
  const mirrors = {};
  for (const text of HOSTILE) mirrors[text] = hostileEntry(text);
  mirrors["javascript:window.stolen='link'"] = mirror(now);
  mirrors["data:text/html,<script>window.stolen='data'</script>"] = mirror(now);
  mirrors.__proto__ = { running: true };
  const { page, guard } = await openMirrorPage(
    t,
    browser(),
    JSON.stringify(statusDocument(mirrors, now)).replace(
      '"mirror":{',
      '"mirror":{"__proto__":{"running":false,"errors":["proto"]},',
    ),
  );
  await page
    .getByRole("heading", { level: 2, name: `${HOSTILE.length + 1} of ${HOSTILE.length + 3} mirrors have problems` })
    .waitFor();
  const addresses = await page.locator(".mirror-url").allTextContents();
  for (const text of HOSTILE) assert.ok(addresses.includes(text), text);
  for (const summary of await page.locator("summary").all()) await summary.click();
  await page
    .locator(".detail")
    .nth(HOSTILE.length + 2)
    .waitFor({ state: "attached" });
  const details = (await page.locator(".detail").allTextContents()).join("\n");
  for (const text of HOSTILE) assert.ok(details.includes(text), text);
  assert.equal(await page.evaluate(() => window.stolen), undefined);
  assert.equal(
    await page.locator("#mirrors img, #mirrors script, #mirrors style, #mirrors svg, #mirrors h1").count(),
    0,
  );
  const targets = await page.locator("#mirrors a").evaluateAll((links) => links.map((link) => link.protocol));
  assert.deepEqual([...new Set(targets)], ["http:"]);
  guard.assertClean();
});

test("huge strings are cut, and do not widen the page", async (t) => {
  const huge = "W".repeat(1_000_000);
  const { page, guard } = await openMirrorPage(
    t,
    browser(),
    statusDocument(
      {
        [`https://${"a".repeat(100_000)}.example/`]: mirror(now, {
          findings: [finding(huge, "error", huge, { target: huge })],
        }),
        "https://many.example/": mirror(now, {
          findings: Array.from({ length: 5000 }, (_, place) => finding("X", "error", `fault ${place}`)),
        }),
      },
      now,
    ),
  );
  await page.getByRole("heading", { level: 2, name: "2 of 2 mirrors have problems" }).waitFor();
  for (const summary of await page.locator("summary").all()) await summary.click();
  await page.locator(".detail").nth(1).waitFor({ state: "attached" });
  const text = await page.locator("#mirrors").textContent();
  assert.ok(text.length < 100_000, `${text.length} characters`);
  assert.ok(text.includes("… (1000000 characters)"));
  assert.ok(text.includes("are not shown"));
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth));
  guard.assertClean();
});

test("characters that reorder or break lines of text are taken out", async (t) => {
  const { page } = await openMirrorPage(
    t,
    browser(),
    statusDocument(
      {
        "https://a.example/\u202egpj.exe\u2066": mirror(now, {
          findings: [finding("X", "error", "one\ntwo\u0000three\u2028four\u200f")],
        }),
      },
      now,
    ),
  );
  await page.locator("summary").click();
  assert.equal(await page.locator(".mirror-url").innerText(), "https://a.example/ gpj.exe");
  assert.equal(await page.locator(".finding-message").textContent(), "one two three four");
});

test("the page's policy stops inline scripts, markup from text and other origins", async (t) => {
  const { page, guard } = await openMirrorPage(
    t,
    browser(),
    statusDocument({ "https://a.example/": mirror(now) }, now),
  );
  await page.locator("summary").first().waitFor();
  guard.tolerate("Content Security Policy");
  guard.tolerate("TrustedHTML");
  const outcome = await page.evaluate(async () => {
    const script = document.createElement("script");
    let refused = 0;
    try {
      script.text = "window.stolen = 'inline'";
      document.head.append(script);
    } catch {
      refused += 1;
    }
    try {
      document.body.insertAdjacentHTML("beforeend", "<i id=markup></i>");
    } catch {
      refused += 1;
    }
    await fetch("https://elsewhere.example/").catch(() => {
      refused += 1;
    });
    return { refused, stolen: window.stolen, markup: document.getElementById("markup") };
  });
  assert.deepEqual(outcome, { refused: 3, stolen: undefined, markup: null });
});
