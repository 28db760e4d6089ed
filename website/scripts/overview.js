// The top of the page: how things stand as a whole, and how many mirrors are in each state.

import { byId, element } from "./elements.js";
import { ago, counted, grouped, inWords } from "./moments.js";
import { countStates } from "./selection.js";
import { STATES, worst } from "./states.js";

/** Shows how things stand. Results that are out of date say nothing about now, so they make no claim. */
export function showOverview(statusDocument, now, staleAfter) {
  const { mirrors, newestCheck } = statusDocument;
  byId("overall").hidden = mirrors === null;
  if (mirrors === null) return;
  const counts = countStates(mirrors);
  const stale = isStale(statusDocument, now, staleAfter);
  const title = stale ? "The status is out of date" : describe(counts, mirrors.length);
  const details = stale ? describeThen(counts, mirrors.length) : describeOthers(counts);
  const state = stale ? "unknown" : worst(STATES.filter((name) => counts[name] > 0));
  byId("overall").className = `overall is-${state}`;
  byId("overall-icon").className = `overall-icon icon icon-${state}`;
  setText(byId("overall-title"), title);
  setText(byId("overall-text"), [...details, describeAge(newestCheck, now)].join(" "));
  showCounts(counts, mirrors.length);
  document.title = `${stale ? "Out of date" : title} · ${byId("title").textContent}`;
}

/** Whether the newest check is so old that the checker must have stopped. */
export function isStale({ newestCheck }, now, staleAfter) {
  return newestCheck !== null && now - newestCheck > staleAfter;
}

/** What to say about data that are out of date. */
export function staleWarning({ newestCheck }, now) {
  const age = inWords(now - newestCheck);
  return (
    `These results are out of date: the newest check was made ${age} ago. ` +
    "The checker may have stopped, and mirrors may have changed since."
  );
}

function describe(counts, total) {
  if (counts.problem > 0) {
    if (total === 1) return "The mirror has problems";
    return `${grouped(counts.problem)} of ${counted(total, "mirror")} ${have(counts.problem)} problems`;
  }
  if (counts.warning > 0) return "No problems, some warnings";
  if (counts.unknown > 0) return "Some states are not known";
  return total === 1 ? "The mirror is OK" : `All ${counted(total, "mirror")} are OK`;
}

function describeOthers({ warning, unknown }) {
  const sentences = [];
  if (warning > 0) sentences.push(`${counted(warning, "mirror")} ${have(warning)} warnings.`);
  if (unknown > 0) sentences.push(`The state of ${counted(unknown, "mirror")} is not known.`);
  return sentences;
}

function describeThen(counts, total) {
  const troubled = counts.problem === 0 ? "none" : grouped(counts.problem);
  return [`When last checked, ${troubled} of ${counted(total, "mirror")} had problems.`];
}

function describeAge(newestCheck, now) {
  return newestCheck === null ? "" : `Newest check ${ago(newestCheck, now)}.`;
}

function have(count) {
  return count === 1 ? "has" : "have";
}

function showCounts(counts, total) {
  for (const place of document.querySelectorAll("[data-count]")) {
    const count = place.dataset.count === "all" ? total : counts[place.dataset.count];
    setText(place, grouped(count));
  }
  // Nearly always there is none, and then the filter is only in the way; unless it is the one in use.
  const unknown = document.querySelector(".filter.is-unknown");
  unknown.hidden = counts.unknown === 0 && !unknown.querySelector("input").checked;
  const parts = STATES.filter((state) => counts[state] > 0).map((state) => {
    const part = element("span", { class: `proportion is-${state}` });
    part.style.flexGrow = counts[state];
    return part;
  });
  byId("proportions").replaceChildren(...parts);
}

// Writing the same text again would make screen readers say it again.
function setText(place, text) {
  if (place.textContent !== text) place.textContent = text;
}
