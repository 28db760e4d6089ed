// What a check measured, read from a foreign value: whatever is missing or of another kind is null, and whatever is
// not known is passed over.

import { foreignText } from "./foreign_text.js";
import { readMoment, SECOND } from "./moments.js";

const FAMILY_NAMES = { ipv4: "IPv4", ipv6: "IPv6" };
const MOST_FILES = 32;

/**
 * The facts of a mirror.
 *
 * `latency`, `lag` in milliseconds; `certificateEnd` a moment; `families` has IPv4 and IPv6, in this order.
 */
export function readFacts(value, findings) {
  const facts = asObject(value);
  const written = Array.isArray(facts.families) ? facts.families.map(asObject) : [];
  const families = Object.keys(FAMILY_NAMES).map((id) => {
    const family = written.find((entry) => entry.family === id);
    return readFamily(id, family, findings);
  });
  const lag = amount(facts.lag_seconds);
  return {
    families,
    latency: lowest(families.filter((family) => family.result === "works").map((family) => family.steps.total)),
    lag: lag === null ? null : lag * SECOND,
    certificateEnd: readMoment(facts.certificate_not_after),
  };
}

/** The words and the icon for what came of a family. */
export const FAMILY_RESULTS = {
  works: { word: "works", icon: "ok" },
  fails: { word: "fails", icon: "problem" },
  none: { word: "none", icon: "none" },
  untested: { word: "untested", icon: "unknown" },
};

function readFamily(id, family, findings) {
  const files = Array.isArray(family?.files) ? family.files.slice(0, MOST_FILES).map(readFile) : [];
  return {
    name: FAMILY_NAMES[id],
    result: familyResult(id, family, files, findings),
    address: foreignText(family?.address, 60),
    steps: readSteps(asObject(family?.latency_ms)),
    files,
  };
}

function familyResult(id, family, files, findings) {
  // A finding that names no family concerns all that were asked.
  const own = findings.filter(({ families }) => families.length === 0 || families.includes(id));
  if (files.length === 0) {
    return family && !own.some(({ code }) => code === "FAMILY-NOT-CHECKED") ? "none" : "untested";
  }
  // What is wrong over IPv6 alone is no error of the mirror, so the code says it, not the severity.
  const broken = own.some(({ code, severity }) => severity === "error" || code === "MIRROR-IPV6-BROKEN");
  const answered = files.every((file) => file.status !== null && file.status < 400);
  return broken || !answered ? "fails" : "works";
}

function readFile(value) {
  const file = asObject(value);
  return {
    target: foreignText(file.target, 300),
    status: amount(file.status),
    bytes: amount(file.bytes),
    date: readMoment(file.date),
  };
}

function readSteps(steps) {
  return {
    dns: amount(steps.dns),
    connect: amount(steps.connect),
    tls: amount(steps.tls),
    firstByte: amount(steps.first_byte),
    total: amount(steps.total),
  };
}

function asObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value : {};
}

function amount(value) {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

function lowest(values) {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : Math.min(...known);
}
