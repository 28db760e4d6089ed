// What opens below a mirror: findings, then what was measured.

import { element, foreign, icon } from "./elements.js";
import { FAMILY_RESULTS } from "./facts.js";
import { webAddress } from "./foreign_text.js";
import { absolute, counted, latency, short } from "./moments.js";
import { SEVERITY_STATES } from "./states.js";
import { linkToMirror } from "./view.js";

const SEVERITY_WORDS = { error: "Error", warning: "Warning", notice: "Notice" };
const FAMILY_IDS = { ipv4: "IPv4", ipv6: "IPv6" };

/** The details of a mirror. */
export function mirrorDetail(mirror) {
  return element("div", { class: "detail" }, findingsPart(mirror), factsPart(mirror), linksPart(mirror));
}

function findingsPart(mirror) {
  const items = [...mirror.otherErrors.map(errorItem), ...mirror.findings.map(findingItem)];
  if (mirror.omitted > 0) items.push(element("li", { class: "finding" }, `${mirror.omitted} more are not shown.`));
  const list = items.length > 0 ? element("ul", { class: "findings" }, ...items) : null;
  return element(
    "section",
    { class: "detail-findings" },
    element("h3", {}, "Findings"),
    list ?? element("p", { class: "none-found" }, icon("ok"), "Nothing is wrong."),
  );
}

function errorItem(error) {
  return element(
    "li",
    { class: "finding is-problem" },
    element("span", { class: "finding-severity" }, icon("problem"), SEVERITY_WORDS.error),
    foreign(error, "finding-message"),
  );
}

function findingItem(finding) {
  const state = SEVERITY_STATES[finding.severity] ?? "notice";
  const families = finding.families.map((family) => FAMILY_IDS[family]).filter(Boolean);
  const concerned = [families.join(" and "), finding.target].filter(Boolean);
  return element(
    "li",
    { class: `finding is-${state}` },
    element("span", { class: "finding-severity" }, icon(state), SEVERITY_WORDS[finding.severity] ?? finding.severity),
    finding.code ? foreign(finding.code, "finding-code") : null,
    foreign(finding.message, "finding-message"),
    concerned.length > 0 ? foreign(concerned.join(" · "), "finding-place") : null,
  );
}

function factsPart(mirror) {
  const { facts } = mirror;
  return element(
    "section",
    { class: "detail-facts" },
    element("h3", {}, "Measured"),
    element(
      "dl",
      { class: "facts" },
      ...fact("Checked", mirror.checked === null ? "unknown" : absolute(mirror.checked)),
      ...fact("Lag", facts.lag === null ? null : facts.lag === 0 ? "none" : short(facts.lag)),
      ...fact("Certificate ends", facts.certificateEnd === null ? null : absolute(facts.certificateEnd)),
    ),
    ...facts.families.filter((family) => family.result !== "untested" || family.address).map(familyPart),
  );
}

function fact(name, value) {
  return value === null || value === "" ? [] : [element("dt", {}, name), element("dd", {}, value)];
}

function familyPart(family) {
  const { word, icon: name } = FAMILY_RESULTS[family.result];
  const meaning = family.result === "none" ? "no address" : word;
  return element(
    "div",
    { class: "family-facts" },
    element("h4", {}, family.name, element("span", { class: `family is-${family.result}` }, icon(name), meaning)),
    element(
      "dl",
      { class: "facts" },
      ...fact("Address", family.address && foreign(family.address)),
      ...fact("Latency", describeSteps(family.steps)),
      ...family.files.flatMap((file) => fact("File", describeFile(file))),
    ),
  );
}

function describeSteps(steps) {
  if (steps.total === null) return null;
  const named = { name: steps.dns, connect: steps.connect, TLS: steps.tls, "first byte": steps.firstByte };
  const parts = Object.entries(named).filter(([, value]) => value !== null);
  const detail = parts.map(([name, value]) => `${name} ${latency(value)}`).join(", ");
  return detail ? `${latency(steps.total)} (${detail})` : latency(steps.total);
}

function describeFile(file) {
  const parts = [
    file.status === null ? "no answer" : `HTTP ${file.status}`,
    file.bytes === null ? null : counted(file.bytes, "byte"),
    file.date === null ? null : `made ${absolute(file.date)}`,
  ];
  return element(
    "span",
    {},
    foreign(file.target || "front page", "file-name"),
    ` ${parts.filter((part) => part !== null).join(", ")}`,
  );
}

function linksPart(mirror) {
  const href = webAddress(mirror.address);
  const visit =
    href &&
    element(
      "a",
      { href, rel: "noopener noreferrer", target: "_blank" },
      icon("external"),
      "Open the mirror",
      element("span", { class: "for-screen-readers" }, " in a new tab"),
    );
  const link = element("a", { href: linkToMirror(mirror.address) }, icon("link"), "Link to this entry");
  return element("p", { class: "detail-links" }, link, visit);
}
