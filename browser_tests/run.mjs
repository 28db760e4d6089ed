// Runs the browser tests: `node browser_tests/run.mjs [test files]`. Installs what they need, where it may.

import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";

import { findChromium } from "./browser.mjs";
import { installPackages } from "./packages.mjs";

const here = import.meta.dirname;

if (!findChromium() && !process.env.CHROMIUM) installChromium();
if (!findChromium()) {
  const where = process.env.CHROMIUM
    ? `$CHROMIUM (${process.env.CHROMIUM}) is no program`
    : "no Chromium on this machine, and no right to install the Debian package";
  console.log(`LEFT OUT: the browser tests (browser_tests/): ${where}`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}
installPackages();
const named = process.argv.slice(2);
const files =
  named.length > 0
    ? named
    : readdirSync(here)
        .filter((name) => name.endsWith(".test.mjs"))
        .map((name) => join(here, name));
const { status } = spawnSync(process.execPath, ["--test", "--test-reporter=spec", ...files], { stdio: "inherit" });
process.exit(status ?? 1);

function installChromium() {
  const asRoot = process.getuid?.() === 0 ? [] : ["sudo", "-n"];
  // A fresh machine has no list of packages yet.
  for (const words of [["update", "--quiet"], ["install", "--yes", "--quiet", "--no-install-recommends", "chromium"]]) {
    const [command, ...rest] = [...asRoot, "apt-get", ...words];
    try {
      execFileSync(command, rest, { stdio: ["ignore", "ignore", "ignore"] });
    } catch {
      // Whoever asked looks again and says what follows from it.
    }
  }
}
