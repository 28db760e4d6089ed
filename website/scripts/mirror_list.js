// The list of mirrors: one row for each, kept while the mirror is in the document, so that what is open stays open.

import { MirrorRow } from "./mirror_row.js";

// Making thousands of rows takes longer than a reader should wait: the first screens come at once, the rest in slices
// between which the page answers.
const AT_ONCE = 250;

export class MirrorList {
  #list;
  #template;
  #rows = new Map();
  #rowOfElement = new WeakMap();
  // What is to be listed, and the rows of the first of them, which are in the page.
  #mirrors = [];
  #placed = [];
  #slice = null;
  #matches = () => true;
  #time = { now: 0, overdueAfter: 0 };

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
    clearTimeout(this.#slice);
    this.#mirrors = mirrors;
    const missing = mirrors.filter((mirror) => !this.#rows.has(mirror.address)).length;
    const rows = this.#makeRows(mirrors.slice(0, missing > AT_ONCE ? AT_ONCE : undefined));
    if (rows.length !== this.#placed.length || rows.some((row, place) => row !== this.#placed[place])) {
      this.#place(rows);
    }
    this.#forgetOthers();
    this.#continueSoon();
  }

  /** Hides the mirrors that do not match; returns how many do. */
  filter(matches) {
    this.#matches = matches;
    for (const row of this.#placed) row.setHidden(!matches(row.mirror));
    return this.#mirrors.filter(matches).length;
  }

  /** Brings what depends on the time of day up to date. */
  tick(now, overdueAfter) {
    this.#time = { now, overdueAfter };
    for (const row of this.#placed) row.tick(now, overdueAfter);
  }

  /** Opens a mirror and brings it before the reader. */
  reveal(address) {
    if (!this.#rows.has(address)) this.#append(this.#mirrors.length);
    this.#rows.get(address)?.reveal();
  }

  #makeRows(mirrors) {
    return mirrors.map((mirror) => {
      let row = this.#rows.get(mirror.address);
      if (!row) {
        row = new MirrorRow(this.#template);
        this.#rows.set(mirror.address, row);
        this.#rowOfElement.set(row.element, row);
      }
      row.show(mirror);
      row.tick(this.#time.now, this.#time.overdueAfter);
      row.setHidden(!this.#matches(mirror));
      return row;
    });
  }

  #place(rows) {
    const focused = document.activeElement;
    this.#list.replaceChildren(...rows.map((row) => row.element));
    // Moving an element takes the focus from it.
    if (this.#list.contains(focused)) focused.focus({ preventScroll: true });
    this.#placed = rows;
  }

  #append(end) {
    const rows = this.#makeRows(this.#mirrors.slice(this.#placed.length, end));
    this.#list.append(...rows.map((row) => row.element));
    this.#placed.push(...rows);
    this.#continueSoon();
  }

  #continueSoon() {
    clearTimeout(this.#slice);
    if (this.#placed.length < this.#mirrors.length) {
      this.#slice = setTimeout(() => this.#append(this.#placed.length + AT_ONCE), 0);
    }
  }

  #forgetOthers() {
    const listed = new Set(this.#mirrors.map((mirror) => mirror.address));
    for (const address of this.#rows.keys()) {
      if (!listed.has(address)) this.#rows.delete(address);
    }
  }
}
