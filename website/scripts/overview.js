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
  const { title, text } = stale ? describeStale(counts, mirrors.length) : describe(counts, mirrors.length);
  const state = stale ? "unknown" : worst(STATES.filter((name) => counts[name] > 0));
  byId("overall").className = `overall is-${state}`;
  byId("overall-icon").className = `overall-icon icon icon-${state}`;
  setText(byId("overall-title"), title);
  const checked = newestCheck === null ? "" : `Newest check ${ago(newestCheck, now)}.`;
  setText(byId("overall-text"), `${text} ${checked}`.trim());
  showCounts(counts, mirrors.length);
  document.title = `${stale ? "Out of date" : title} · ${byId("title").textContent}`;
}

/** Whether the newest check is so old that the checker must have stopped. */
export function isStale({ newestCheck }, now, staleAfter) {
  return newestCheck !== null && now - newestCheck > staleAfter;
}

/** What to say about data that are out of date. */
export function staleWarning({ newestCheck }, now) {
  return `These results are out of date: the newest check was made ${inWords(now - newestCheck)} ago. The checker may have stopped, and mirrors may have changed since.`;
}

function describe(counts, total) {
  const mirrors = counted(total, "mirror");
  const warnings = counts.warning > 0 ? `${counted(counts.warning, "mirror")} ${counts.warning === 1 ? "has" : "have"} warnings.` : "";
  const unknown = counts.unknown > 0 ? `The state of ${counted(counts.unknown, "mirror")} is not known.` : "";
  if (counts.problem > 0) {
    const verb = counts.problem === 1 ? "has" : "have";
    const title = total === 1 ? "The mirror has problems" : `${grouped(counts.problem)} of ${mirrors} ${verb} problems`;
    return { title, text: [warnings, unknown].filter(Boolean).join(" ") };
  }
  if (counts.warning > 0) {
    return { title: "No problems, some warnings", text: [`Of ${mirrors}, ${grouped(counts.warning)} ${counts.warning === 1 ? "has" : "have"} warnings.`, unknown].filter(Boolean).join(" ") };
  }
  if (counts.unknown > 0) return { title: "Some states are not known", text: unknown };
  return { title: total === 1 ? "The mirror is OK" : `All ${mirrors} are OK`, text: "" };
}

function describeStale(counts, total) {
  const then = counts.problem === 0 ? "none" : grouped(counts.problem);
  return { title: "The status is out of date", text: `When last checked, ${then} of ${counted(total, "mirror")} had problems.` };
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
