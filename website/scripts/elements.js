// Making elements. Text always becomes a text node, whatever it says.

/** An element with attributes (null ones are left out) and children: elements, or values that are shown as text. */
export function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== null) made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/** An icon that stands beside a word which says the same. */
export function icon(name) {
  return element("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
}

/** A foreign text that keeps its direction of writing to itself. */
export function foreign(text, className = null) {
  return element("bdi", { class: className }, text);
}

/** The element of the page with this id. */
export function byId(id) {
  return document.getElementById(id);
}
