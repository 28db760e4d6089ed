// The npm packages of the tests. They are installed below `target/`, where nothing that is committed lies beside them.

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const here = import.meta.dirname;
const folder = join(here, "..", "target", "browser_tests");
const descriptions = ["package.json", "package-lock.json", ".npmrc"];

/** Installs what the lock file names, unless that is there already. */
export function installPackages() {
  const installed = join(folder, "node_modules", ".package-lock.json");
  if (existsSync(installed) && descriptions.every(isCopied)) return;
  mkdirSync(folder, { recursive: true });
  for (const name of descriptions) copyFileSync(join(here, name), join(folder, name));
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error", "--prefix", folder], {
    stdio: ["ignore", "inherit", "inherit"],
  });
}

/** Loads an installed package. */
export const requirePackage = createRequire(join(folder, "package.json"));

function isCopied(name) {
  const copy = join(folder, name);
  return existsSync(copy) && readFileSync(copy).equals(readFileSync(join(here, name)));
}
