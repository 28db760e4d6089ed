// The page of the mirrors: fetches the status again and again, and shows it as the reader wants it.

import { showBanners } from "./banners.js";
import { readConfiguration } from "./configuration.js";
import { byId } from "./elements.js";
import { reasonForEmptiness, showInsteadOfList } from "./empty_list.js";
import { MirrorList } from "./mirror_list.js";
import { ago, counted, grouped, inWords, SECOND } from "./moments.js";
import { isStale, showOverview, staleWarning } from "./overview.js";
import { keepRefreshing } from "./refreshing.js";
import { inOrder, matcher } from "./selection.js";
import { readStatusDocument, UnusableDocument } from "./status_document.js";
import { fetchStatusFile, FetchFailure } from "./status_file.js";
import { addressOfView, linkedMirror, SHOWN_STATES, viewOfAddress } from "./view.js";

const configuration = await readConfiguration();
const list = new MirrorList(byId("mirror-list"), byId("mirror-row"));
const controls = byId("controls");

// What the page shows is a function of these.
let view = viewOfAddress();
let text = null;
let statusDocument = null;
let loaded = null;
let failure = null;
let pendingAddress = null;

async function load() {
  byId("refresh").setAttribute("aria-busy", "true");
  try {
    const fetched = await fetchStatusFile(configuration.statusUrl);
    if (fetched !== text) {
      const first = statusDocument === null;
      statusDocument = readStatusDocument(fetched);
      text = fetched;
      showMirrors();
      performance.mark("mirrors-shown");
      if (first) revealLinked();
    }
    loaded = Date.now();
    failure = null;
  } catch (error) {
    if (!(error instanceof FetchFailure || error instanceof UnusableDocument)) throw error;
    failure = error;
  } finally {
    byId("refresh").setAttribute("aria-busy", "false");
    showTimes();
  }
}

// Lists what was loaded in the order that is wanted.
function showMirrors() {
  const mirrors = statusDocument?.mirrors ?? [];
  list.tick(Date.now(), overdueAfter(Date.now()));
  list.list(inOrder(mirrors, view.sort));
  controls.hidden = mirrors.length === 0;
  const { generation } = statusDocument ?? {};
  byId("generation").textContent = Number.isInteger(generation) ? `Generation ${generation}.` : "";
  showMatching();
}

// Of what is listed, shows what matches.
function showMatching() {
  const total = statusDocument?.mirrors?.length ?? 0;
  const matching = list.filter(matcher(SHOWN_STATES[view.show], view.find));
  byId("mirror-table").hidden = matching === 0;
  byId("match-count").textContent = describeMatches(matching, total);
  showEmptiness(total, matching);
}

function describeMatches(matching, total) {
  return matching === total ? "" : `${grouped(matching)} of ${counted(total, "mirror")}`;
}

function showEmptiness(total, matching) {
  const reason = reasonForEmptiness({ total, matching, loaded: statusDocument !== null, failure });
  showInsteadOfList(reason, () => change({ ...view, show: "all", find: "" }));
}

// Everything that changes as time goes by.
function showTimes() {
  const now = Date.now();
  if (statusDocument === null) {
    showEmptiness(0, 0);
  } else {
    showOverview(statusDocument, now, configuration.staleAfter);
    list.tick(now, overdueAfter(now));
  }
  byId("freshness").textContent = loaded === null ? "" : `Updated ${ago(loaded, now)}`;
  showBanners(bannersAt(now));
}

function bannersAt(now) {
  const banners = [];
  if (configuration.problem) {
    banners.push({ id: "configuration", kind: "warning", text: `${configuration.problem}; its default is used.` });
  }
  if (failure && !(failure.missing && statusDocument === null)) {
    const kept = loaded === null ? "" : ` You see what was loaded ${ago(loaded, now)}.`;
    const next = `The next try is within ${inSeconds(configuration.refreshEvery)}.`;
    const text = `The latest status could not be loaded: ${failure.message}.${kept} ${next}`;
    banners.push({ id: "failure", kind: "problem", text });
  }
  if (statusDocument && isStale(statusDocument, now, configuration.staleAfter)) {
    banners.push({ id: "stale", kind: "warning", text: staleWarning(statusDocument, now) });
  }
  return banners;
}

// When everything is out of date, the banner says it once; otherwise a mirror that was not checked lately stands out.
function overdueAfter(now) {
  const all = statusDocument !== null && isStale(statusDocument, now, configuration.staleAfter);
  return all ? Infinity : configuration.staleAfter;
}

function inSeconds(span) {
  return span < 60 * SECOND ? counted(Math.ceil(span / SECOND), "second") : inWords(span);
}

function change(wanted) {
  clearTimeout(pendingAddress);
  history.pushState(null, "", addressOfView(wanted));
  showView(wanted);
}

// Searching is one step however many keys it takes, and browsers refuse to write the address at each key.
function search(find) {
  clearTimeout(pendingAddress);
  pendingAddress = setTimeout(() => history.replaceState(null, "", addressOfView(view)), 250);
  showView({ ...view, find });
}

function showView(wanted) {
  const sorted = wanted.sort !== view.sort;
  view = wanted;
  showControls();
  if (sorted) showMirrors();
  else showMatching();
}

function showControls() {
  controls.elements.show.value = view.show;
  controls.elements.sort.value = view.sort;
  if (controls.elements.find.value !== view.find) controls.elements.find.value = view.find;
}

function revealLinked() {
  const address = linkedMirror();
  const mirror = statusDocument?.mirrors?.find((candidate) => candidate.address === address);
  if (!mirror) return;
  // A link to a mirror is worth more than a filter that hides it.
  if (!matcher(SHOWN_STATES[view.show], view.find)(mirror)) showView({ ...view, show: "all", find: "" });
  list.reveal(address);
}

function listen() {
  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("change", ({ target }) => {
    if (target.name !== "find") change({ ...view, [target.name]: target.value });
  });
  controls.elements.find.addEventListener("input", ({ target }) => search(target.value));
  addEventListener("popstate", () => {
    clearTimeout(pendingAddress);
    showView(viewOfAddress());
  });
  addEventListener("hashchange", revealLinked);
  addEventListener("keydown", (event) => {
    const writing = event.target.matches("input[type=search], select, textarea");
    if (event.key === "/" && !writing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      controls.elements.find.select();
    } else if (event.key === "Escape" && event.target === controls.elements.find) {
      search("");
    }
  });
}

byId("title").textContent = configuration.title;
document.title = configuration.title;
byId("data-link").href = configuration.statusUrl;
byId("data-link").hidden = false;
showControls();
listen();
const refresh = keepRefreshing(load, configuration.refreshEvery);
byId("refresh").addEventListener("click", refresh);
setInterval(() => document.hidden || showTimes(), 15 * SECOND);
document.addEventListener("visibilitychange", () => document.hidden || showTimes());
