// One mirror in the list: a line that opens to show the details.

import { FAMILY_RESULTS } from "./facts.js";
import { mirrorDetail } from "./mirror_detail.js";
import { absolute, ago, latency, short } from "./moments.js";
import { STATE_WORDS } from "./states.js";

const UNKNOWN = "–";

export class MirrorRow {
  #parts;
  #mirror = null;
  #hidden = false;
  #shownCertificate;
  #shownMoment;
  #shownAge;
  #shownOverdue;

  constructor(template) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#parts = findParts(this.element);
  }

  get mirror() {
    return this.#mirror;
  }

  /** Shows a mirror, unless it is shown already. */
  show(mirror) {
    if (this.#mirror?.fingerprint === mirror.fingerprint) return;
    this.#mirror = mirror;
    const { state, families, latency: latencyCell, lag, details } = this.#parts;
    this.element.className = `mirror is-${mirror.state}`;
    showWord(state, mirror.state, STATE_WORDS[mirror.state]);
    this.#showName(mirror);
    mirror.facts.families.forEach(({ result }, place) => {
      const { word, icon } = FAMILY_RESULTS[result];
      showWord(families[place], icon, word);
      families[place].className = `measure family is-${result}`;
    });
    showMeasure(latencyCell, mirror.facts.latency === null ? UNKNOWN : latency(mirror.facts.latency));
    showMeasure(lag, describeLag(mirror.facts.lag));
    if (details.open) this.showDetail();
  }

  setHidden(hidden) {
    if (hidden === this.#hidden) return;
    this.#hidden = hidden;
    this.element.hidden = hidden;
  }

  /** Brings what depends on the time of day up to date. Writes nothing that has not changed. */
  tick(now, overdueAfter) {
    const { checked, facts } = this.#mirror;
    const certificate = describeCertificate(facts.certificateEnd, now);
    if (certificate !== this.#shownCertificate) {
      this.#shownCertificate = certificate;
      showMeasure(this.#parts.certificate, certificate);
    }
    const age = checked === null ? "unknown" : ago(checked, now);
    const overdue = checked !== null && now - checked > overdueAfter;
    if (checked !== this.#shownMoment || age !== this.#shownAge || overdue !== this.#shownOverdue) {
      this.#shownMoment = checked;
      this.#shownAge = age;
      this.#shownOverdue = overdue;
      this.#showChecked(age, overdue);
    }
  }

  /** Puts the details below the line. They are made when they are first looked at: most never are. */
  showDetail() {
    const { details, summary } = this.#parts;
    summary.nextElementSibling?.remove();
    details.append(mirrorDetail(this.#mirror));
  }

  /** Opens the line and brings it before the reader. */
  reveal() {
    const { details, summary } = this.#parts;
    details.open = true;
    summary.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "center" });
  }

  // The host is what tells mirrors apart, so it stands out.
  #showName({ shown, trouble: words }) {
    const { url, trouble } = this.#parts;
    const [, scheme = "", host, path] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/]*)(.*)$/is.exec(shown);
    [scheme, host, path].forEach((text, place) => {
      url[place].firstChild.data = text;
    });
    trouble.firstChild.data = words;
    trouble.hidden = words === "";
  }

  #showChecked(age, overdue) {
    const moment = this.#mirror.checked;
    const { checked } = this.#parts;
    checked.firstChild.data = age;
    checked.title = moment === null ? "" : absolute(moment);
    checked.dateTime = moment === null ? "" : new Date(moment).toISOString();
    checked.className = overdue ? "is-overdue" : "";
  }
}

// Steps from sibling to sibling: with thousands of rows, looking parts up by name is what takes the time.
function findParts(element) {
  const details = element.firstElementChild;
  const summary = details.firstElementChild;
  const state = summary.firstElementChild;
  const name = state.nextElementSibling;
  const ipv4 = name.nextElementSibling;
  const ipv6 = ipv4.nextElementSibling;
  const latencyCell = ipv6.nextElementSibling;
  const lag = latencyCell.nextElementSibling;
  const certificate = lag.nextElementSibling;
  const address = name.firstElementChild;
  return {
    details,
    summary,
    state,
    url: [address.firstElementChild, address.firstElementChild.nextElementSibling, address.lastElementChild],
    trouble: address.nextElementSibling,
    families: [ipv4, ipv6],
    latency: latencyCell,
    lag,
    certificate,
    checked: certificate.nextElementSibling.firstElementChild,
  };
}

// A cell of an icon and a word.
function showWord(cell, icon, word) {
  cell.firstElementChild.className = `icon icon-${icon}`;
  cell.lastChild.data = word;
}

function showMeasure(cell, text) {
  cell.firstChild.data = text;
  cell.className = text === UNKNOWN ? "measure is-number is-absent" : "measure is-number";
}

function describeLag(lag) {
  if (lag === null) return UNKNOWN;
  return lag === 0 ? "none" : short(lag);
}

function describeCertificate(end, now) {
  if (end === null) return UNKNOWN;
  return end <= now ? "expired" : short(end - now);
}
