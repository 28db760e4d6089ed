// node browser_tests/screenshot.mjs <url> <out.png>
//   --width 1280 --height 900   size of the window; narrower than 600 it is a phone
//   --dark                      for readers who prefer a dark page
//   --full                      the whole page, not only the window
//   --click, --wait <selector>  press this, wait for that, first

import { parseArgs } from "node:util";

import { launchBrowser, openPage } from "./harness.mjs";
import { installPackages } from "./packages.mjs";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    width: { type: "string", default: "1280" },
    height: { type: "string", default: "900" },
    dark: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    click: { type: "string" },
    wait: { type: "string" },
  },
});
const [url, path] = positionals;
if (!url || !path) {
  console.error("usage: node browser_tests/screenshot.mjs <url> <out.png> [options, see the head of this file]");
  process.exit(64);
}
installPackages();
const browser = await launchBrowser();
try {
  const { page } = await openPage(browser, {
    width: Number(values.width),
    height: Number(values.height),
    dark: values.dark,
    isMobile: Number(values.width) < 600,
  });
  page.on("console", (message) => console.error(`console ${message.type()}: ${message.text()}`));
  await page.goto(url, { waitUntil: "networkidle" });
  if (values.wait) await page.waitForSelector(values.wait);
  if (values.click) await page.click(values.click);
  // A page leaves out what is out of sight, so that the whole of it is drawn only in a window as high as the page.
  if (values.full) {
    const height = await page.evaluate(() => document.documentElement.scrollHeight);
    await page.setViewportSize({ width: Number(values.width), height });
  }
  await page.waitForLoadState("networkidle");
  await page.screenshot({ path, fullPage: values.full });
} finally {
  await browser.close();
}
