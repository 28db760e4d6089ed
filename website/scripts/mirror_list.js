// The list of mirrors: one row for each, kept while the mirror is in the document, so that what is open stays open.

import { MirrorRow } from "./mirror_row.js";

export class MirrorList {
  #list;
  #template;
  #rows = new Map();
  #rowOfElement = new WeakMap();
  #order = [];

  constructor(list, template) {
    this.#list = list;
    this.#template = template;
    // Toggle events do not bubble, but they are seen on their way down.
    list.addEventListener(
      "toggle",
      (event) => event.target.open && this.#rowOfElement.get(event.target.parentElement)?.showDetail(),
      true,
    );
  }

  /** Lists these mirrors in this order, and no others. */
  list(mirrors) {
    const order = mirrors.map((mirror) => this.#rowFor(mirror));
    if (order.length !== this.#order.length || order.some((row, place) => row !== this.#order[place])) {
      this.#place(order);
    }
  }

  /** Hides the mirrors that do not match; returns how many do. */
  filter(matches) {
    let matching = 0;
    for (const row of this.#order) {
      const matched = matches(row.mirror);
      if (matched) matching += 1;
      row.setHidden(!matched);
    }
    return matching;
  }

  /** Brings what depends on the time of day up to date. */
  tick(now, overdueAfter) {
    for (const row of this.#order) row.tick(now, overdueAfter);
  }

  /** Opens a mirror and brings it before the reader. */
  reveal(address) {
    this.#rows.get(address)?.reveal();
  }

  #rowFor(mirror) {
    let row = this.#rows.get(mirror.address);
    if (!row) {
      row = new MirrorRow(this.#template);
      this.#rows.set(mirror.address, row);
      this.#rowOfElement.set(row.element, row);
    }
    row.show(mirror);
    return row;
  }

  #place(order) {
    const focused = document.activeElement;
    this.#list.replaceChildren(...order.map((row) => row.element));
    // Moving an element takes the focus from it.
    if (this.#list.contains(focused)) focused.focus({ preventScroll: true });
    this.#order = order;
    const kept = new Set(order);
    for (const [address, row] of this.#rows) {
      if (!kept.has(row)) this.#rows.delete(address);
    }
  }
}
