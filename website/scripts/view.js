// What the reader chose to see. It stands in the address of the page, so that it can be kept, sent and gone back to:
// `?show=problems&find=debian&sort=lag`, and `#https://…` for one mirror.

import { SORT_ORDERS } from "./selection.js";

export const SHOWN_STATES = { all: null, problems: "problem", warnings: "warning", ok: "ok", unknown: "unknown" };

const DEFAULT_VIEW = { show: "all", find: "", sort: "state" };
const LONGEST_SEARCH = 200;

/** The view that the page's address asks for; what it cannot ask for is at its default. */
export function viewOfAddress() {
  const parameters = new URLSearchParams(location.search);
  const show = parameters.get("show");
  const sort = parameters.get("sort");
  return {
    show: Object.hasOwn(SHOWN_STATES, show ?? "") ? show : DEFAULT_VIEW.show,
    find: (parameters.get("find") ?? DEFAULT_VIEW.find).slice(0, LONGEST_SEARCH),
    sort: Object.hasOwn(SORT_ORDERS, sort ?? "") ? sort : DEFAULT_VIEW.sort,
  };
}

/** The address of a view: defaults are left out. */
export function addressOfView(view) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) {
    if (value !== DEFAULT_VIEW[name]) parameters.set(name, value);
  }
  const query = parameters.toString();
  return location.pathname + (query ? `?${query}` : "");
}

/** The mirror that the page's address points to, or null. */
export function linkedMirror() {
  try {
    return decodeURIComponent(location.hash.slice(1)) || null;
  } catch {
    return null;
  }
}

/** A link to one mirror. */
export function linkToMirror(address) {
  return `${location.pathname}#${encodeURIComponent(address)}`;
}
