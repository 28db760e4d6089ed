// What `config.json` may set. Without that file, everything is at its default: data from the same origin.

import { foreignText, webAddress } from "./foreign_text.js";
import { MINUTE, SECOND } from "./moments.js";

const DEFAULT_STATUS_URL = "dynamic-public-data/repository_status.json";

/** Reads the configuration; `problem` says what of it could not be used, or is null. */
export async function readConfiguration() {
  const { written, problem } = await fetchConfiguration();
  const statusUrl = webAddress(written.statusUrl ?? DEFAULT_STATUS_URL, document.baseURI);
  return {
    statusUrl: statusUrl ?? webAddress(DEFAULT_STATUS_URL, document.baseURI),
    title: foreignText(written.title, 80) || "Package mirrors",
    staleAfter: positive(written.staleAfterMinutes, 10) * MINUTE,
    refreshEvery: positive(written.refreshSeconds, 30) * SECOND,
    problem: problem ?? (statusUrl ? null : "statusUrl in config.json is no web address"),
  };
}

async function fetchConfiguration() {
  try {
    const response = await fetch("config.json", { cache: "no-cache" });
    if (!response.ok) return { written: {}, problem: null };
    const written = await response.json();
    if (typeof written === "object" && written !== null && !Array.isArray(written)) return { written, problem: null };
    return { written: {}, problem: "config.json is no JSON object" };
  } catch (error) {
    return { written: {}, problem: error instanceof SyntaxError ? "config.json is not JSON" : null };
  }
}

function positive(value, otherwise) {
  return typeof value === "number" && value > 0 && Number.isFinite(value) ? value : otherwise;
}
