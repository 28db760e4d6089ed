// What stands in place of an empty list: why it is empty, and what to do.

import { byId, element } from "./elements.js";

/** Shows a reason, as `reasonForEmptiness` gives it; null hides the place. `onShowAll` undoes all filters. */
export function showInsteadOfList(reason, onShowAll) {
  const place = byId("empty");
  place.hidden = reason === null;
  if (reason === null || place.dataset.title === reason.title) return;
  place.dataset.title = reason.title;
  const parts = [element("h3", {}, reason.title), element("p", {}, reason.text)];
  if (reason.undo) {
    const button = element("button", { class: "button", type: "button" }, reason.undo);
    button.addEventListener("click", onShowAll);
    parts.push(button);
  }
  place.replaceChildren(...parts);
}

/** Why nothing is listed; null when something is. */
export function reasonForEmptiness({ total, matching, loaded, failure }) {
  if (matching > 0) return null;
  if (total > 0) {
    return {
      title: "No mirror matches",
      text: "None is in this state and has all the words that you search for.",
      undo: "Show all mirrors",
    };
  }
  if (loaded || failure?.missing) {
    return {
      title: "No status yet",
      text: "Results appear here when the first mirrors have been checked. This page looks again by itself.",
    };
  }
  if (failure) return { title: "The status could not be loaded", text: "This page tries again by itself." };
  return { title: "Loading the status…", text: "" };
}
