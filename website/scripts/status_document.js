// The public status document, read into what the page shows. Nothing in it is trusted: a wrong entry is an entry of
// unknown state, and never takes the others down.

import { readFacts } from "./facts.js";
import { foreignText } from "./foreign_text.js";
import { readMoment } from "./moments.js";
import { SEVERITY_STATES, STATE_WORDS, worst } from "./states.js";

// Of one mirror. The worst come first, as the scanner writes them.
const MOST_FINDINGS = 200;
const LONGEST_ADDRESS = 400;

export class UnusableDocument extends Error {}

/**
 * Reads the document.
 *
 * `mirrors` is null while nothing was published about mirrors. `newestCheck` is the moment of the latest check, or else
 * of the document itself: what tells whether the checker is alive.
 */
export function readStatusDocument(text) {
  const value = parse(text);
  if (!isObject(value)) throw new UnusableDocument("the status file is JSON of another kind than expected");
  const mirrors = isObject(value.mirror)
    ? Object.entries(value.mirror).map(([address, entry]) => readMirror(address, entry))
    : null;
  const checks = (mirrors ?? []).map((mirror) => mirror.checked).filter((moment) => moment !== null);
  return {
    mirrors: mirrors?.length ? mirrors : null,
    generated: readMoment(value.generated_at),
    generation: Number.isSafeInteger(value.generation) ? value.generation : null,
    newestCheck: checks.length ? checks.reduce((a, b) => Math.max(a, b)) : readMoment(value.generated_at),
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnusableDocument("the status file is not JSON");
  }
}

function readMirror(address, value) {
  const entry = isObject(value) ? value : {};
  const findings = asArray(entry.findings).slice(0, MOST_FINDINGS).map(readFinding);
  const errors = asArray(entry.errors)
    .slice(0, MOST_FINDINGS)
    .map((error) => foreignText(error))
    .filter(Boolean);
  const otherErrors = errorsBeyondFindings(errors, findings);
  const state = readState(entry, findings, errors);
  return {
    // The key is compared, remembered and linked; only `shown` is for eyes.
    address,
    shown: foreignText(address, LONGEST_ADDRESS),
    state,
    checked: readMoment(entry.observed_at) ?? readMoment(entry.time),
    findings,
    otherErrors,
    omitted: beyondLimit(entry.findings) + beyondLimit(entry.errors),
    trouble: describeTrouble(state, findings, otherErrors),
    facts: readFacts(entry.facts, findings),
    searchText: searchText(address, state, findings, otherErrors),
    // Equal exactly when the entry is: a row is drawn again only when it changed.
    fingerprint: JSON.stringify(value),
  };
}

function readState(entry, findings, errors) {
  const said = entry.running === true ? "ok" : entry.running === false ? "problem" : "unknown";
  const found = findings.map((finding) => SEVERITY_STATES[finding.severity] ?? "ok");
  return worst([said, errors.length > 0 ? "problem" : "ok", ...found]);
}

function readFinding(value) {
  const finding = isObject(value) ? value : {};
  return {
    code: foreignText(finding.code, 60),
    severity: foreignText(finding.severity, 20) || "notice",
    message: foreignText(finding.message),
    families: asArray(finding.families).filter((family) => typeof family === "string"),
    target: foreignText(finding.target, 300),
  };
}

// Findings of severity error stand among the errors too, as "CODE: message".
function errorsBeyondFindings(errors, findings) {
  const said = new Set(findings.map((finding) => `${finding.code}: ${finding.message}`));
  return errors.filter((error) => !said.has(error));
}

// One line that says what is wrong, the worst thing first; empty for a mirror that is well.
function describeTrouble(state, findings, errors) {
  if (state === "ok") return "";
  const serious = findings.filter((finding) => finding.severity in SEVERITY_STATES);
  serious.sort((a, b) => (a.severity === "error" ? 0 : 1) - (b.severity === "error" ? 0 : 1));
  const messages = [...errors, ...serious.map((finding) => finding.message || finding.code)];
  if (messages.length === 0) return "";
  const first = messages[0].length > 160 ? `${messages[0].slice(0, 160)}…` : messages[0];
  return messages.length > 1 ? `${first} (+${messages.length - 1} more)` : first;
}

function searchText(address, state, findings, errors) {
  const words = [address.slice(0, LONGEST_ADDRESS), STATE_WORDS[state], ...errors];
  for (const finding of findings) words.push(finding.code, finding.message, finding.target);
  return words.join("\n").toLowerCase();
}

function beyondLimit(list) {
  return Math.max(0, asArray(list).length - MOST_FINDINGS);
}

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asArray(value) {
  return Array.isArray(value) ? value : [];
}
