// The demo as a newcomer starts it: `cargo dev demo`, then its dashboard and its status page in a browser.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

import { browserForTests, pageForTest, seriousAccessibilityFindings } from "./harness.mjs";

const root = join(import.meta.dirname, "..");
const browser = browserForTests();
let demo;

before(async () => {
  demo = await startDemo();
});
after(() => demo?.stop());

test("every fault of the demo's mirrors is found out", () => {
  const verdicts = demo.lines.filter((line) => /^https?:\/\/\S+\.mirror\.example\//.test(line));
  assert.ok(verdicts.length >= 15, `a table of mirrors, not ${verdicts.length} lines`);
  assert.deepEqual(verdicts.filter((line) => /not found out|not checked yet/.test(line)), []);
});

test("the overview shows both apps at work, and nothing breaks the page's rules", async (t) => {
  const { page, guard } = await dashboard(t, "/");
  await page.getByText("2 of 2").waitFor();
  for (const name of ["check_mirror", "generate_mirror", "publish_status_result"]) {
    await page.getByRole("link", { name, exact: true }).first().waitFor();
  }
  assert.deepEqual(await seriousAccessibilityFindings(page), []);
  guard.assertClean();
});

test("one invocation shows what went in, what came out and what caused it", async (t) => {
  const { page, guard } = await dashboard(t, "/invocations?function=check_mirror");
  await page.getByRole("link", { name: "check_mirror", exact: true }).first().click();
  await page.getByRole("heading", { name: "check_mirror" }).first().waitFor();
  const text = await page.locator("main").textContent();
  for (const part of ["mirror.example", "results-queue", "Sent by", "generate_mirror", "DequeueCount"]) {
    assert.ok(text.includes(part), `the page of an invocation does not show ${part}`);
  }
  assert.deepEqual(await seriousAccessibilityFindings(page), []);
  guard.assertClean();
});

test("queues, poison messages and timers have pages in light and dark", async (t) => {
  for (const path of ["/queues", "/poison", "/timers"]) {
    for (const dark of [false, true]) {
      const { page, guard } = await dashboard(t, path, { dark });
      await page.getByRole("heading", { level: 1 }).waitFor();
      assert.deepEqual(await seriousAccessibilityFindings(page), [], `${path}, dark: ${dark}`);
      guard.assertClean();
    }
  }
});

test("a message that is no mirror is found among the poison messages and can be replayed", async (t) => {
  const foreign = "<img src=x onerror=alert(1)>";
  const { page, guard } = await dashboard(t, "/functions/scan_mirrors/check_mirror");
  await page.getByRole("textbox").first().fill(foreign);
  await page.getByRole("button", { name: /run/i }).first().click();
  await page.waitForURL(/\/invocations\//);
  await page.getByText("mirror-request-queue-poison").first().waitFor();
  await page.goto(`${demo.dashboard}/poison`);
  await page.getByText(foreign).first().waitFor();
  await page.getByRole("button", { name: /^replay/i }).first().waitFor();
  guard.assertClean();
});

test("the status page shows the demo's mirrors", async (t) => {
  const { page, guard } = await pageForTest(t, browser(), { origins: [demo.website] });
  await page.goto(demo.website);
  await page.getByText("lagging.mirror.example").first().waitFor();
  const text = await page.locator("main").textContent();
  for (const name of ["healthy", "split", "half", "expired", "refusing"]) {
    assert.ok(text.includes(`${name}.mirror.example`), `${name} is not on the page`);
  }
  guard.assertClean();
});

async function dashboard(t, path, options = {}) {
  const opened = await pageForTest(t, browser(), { origins: [demo.dashboard], ...options });
  await opened.page.goto(demo.dashboard + path);
  return opened;
}

/** Starts the demo on free ports and waits until it has shown its findings. */
async function startDemo() {
  const words = ["run", "--quiet", "--package", "dev_host", "--", "demo", "--port", "0", "--dashboard-port", "0", "--storage-port", "0"];
  const child = spawn("cargo", words, { cwd: root, env: { ...process.env, NO_COLOR: "1" }, stdio: ["ignore", "pipe", "pipe"] });
  const lines = [];
  const ended = new Promise((resolve) => child.once("close", resolve));
  const shown = new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        lines.push(line);
        if (line.includes("the demo goes on")) resolve(true);
      });
    }
  });
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
  };
  if (!(await Promise.race([shown, ended.then(() => false)]))) {
    throw new Error(`the demo ended early:\n${lines.slice(-40).join("\n")}`);
  }
  const last = lines.findLast((line) => line.includes("the demo goes on"));
  const [website, dashboard] = ["status page", "dashboard"].map((name) => new RegExp(`${name} (http://[^\\s,;]+)`).exec(last)?.[1]);
  assert.ok(website && dashboard, `addresses in: ${last}`);
  return { lines, website, dashboard, stop };
}
