// One mirror in the list: a line that opens to show the details.

import { icon } from "./elements.js";
import { FAMILY_RESULTS } from "./facts.js";
import { mirrorDetail } from "./mirror_detail.js";
import { absolute, ago, latency, short } from "./moments.js";
import { STATE_WORDS } from "./states.js";

const UNKNOWN = "–";

export class MirrorRow {
  #state;
  #url;
  #trouble;
  #families;
  #latency;
  #lag;
  #certificate;
  #checked;
  #details;
  #mirror = null;
  #hidden = false;
  #shownCertificate;
  #shownMoment;
  #shownAge;

  constructor(template) {
    this.element = template.content.firstElementChild.cloneNode(true);
    this.#details = this.element.firstElementChild;
    const [state, name, ipv4, ipv6, latencyCell, lag, certificate, checked] = this.summary.children;
    this.#state = state;
    [this.#url, this.#trouble] = name.children;
    this.#families = [ipv4, ipv6];
    [this.#latency, this.#lag, this.#certificate] = [latencyCell, lag, certificate];
    this.#checked = checked.firstElementChild;
  }

  get summary() {
    return this.#details.firstElementChild;
  }

  get mirror() {
    return this.#mirror;
  }

  /** Shows a mirror, unless it is shown already. */
  show(mirror) {
    if (this.#mirror?.fingerprint === mirror.fingerprint) return;
    this.#mirror = mirror;
    this.element.className = `mirror is-${mirror.state}`;
    this.#state.replaceChildren(icon(mirror.state), STATE_WORDS[mirror.state]);
    this.#showAddress(mirror.shown);
    this.#trouble.textContent = mirror.trouble;
    this.#trouble.hidden = mirror.trouble === "";
    mirror.facts.families.forEach((family, place) => {
      const { word, icon: name } = FAMILY_RESULTS[family.result];
      this.#families[place].replaceChildren(icon(name), word);
      this.#families[place].classList.toggle("is-failing", family.result === "fails");
    });
    showMeasure(this.#latency, mirror.facts.latency === null ? UNKNOWN : latency(mirror.facts.latency));
    showMeasure(this.#lag, describeLag(mirror.facts.lag));
    if (this.#details.open) this.showDetail();
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
      showMeasure(this.#certificate, certificate);
    }
    const age = checked === null ? "unknown" : ago(checked, now);
    if (checked !== this.#shownMoment || age !== this.#shownAge) {
      this.#shownMoment = checked;
      this.#shownAge = age;
      this.#showChecked(age, checked === null || now - checked > overdueAfter);
    }
  }

  /** Puts the details below the line. They are made when they are first looked at: most never are. */
  showDetail() {
    this.summary.nextElementSibling?.remove();
    this.#details.append(mirrorDetail(this.#mirror));
  }

  /** Opens the line and brings it before the reader. */
  reveal() {
    this.#details.open = true;
    this.summary.focus({ preventScroll: true });
    this.element.scrollIntoView({ block: "center" });
  }

  #showChecked(age, overdue) {
    const moment = this.#mirror.checked;
    const time = this.#checked;
    time.textContent = age;
    time.title = moment === null ? "" : absolute(moment);
    time.dateTime = moment === null ? "" : new Date(moment).toISOString();
    time.classList.toggle("is-overdue", overdue);
  }

  // The host is what tells mirrors apart, so it stands out.
  #showAddress(shown) {
    const [, scheme, host, path] = /^([a-z][a-z0-9+.-]*:\/\/)?([^/]*)(.*)$/is.exec(shown) ?? [null, "", shown, ""];
    const [schemePart, hostPart, pathPart] = this.#url.children;
    schemePart.textContent = scheme ?? "";
    hostPart.textContent = host;
    pathPart.textContent = path;
  }
}

function showMeasure(cell, text) {
  cell.textContent = text;
  cell.classList.toggle("is-absent", text === UNKNOWN);
}

function describeLag(lag) {
  if (lag === null) return UNKNOWN;
  return lag === 0 ? "none" : short(lag);
}

function describeCertificate(end, now) {
  if (end === null) return UNKNOWN;
  return end <= now ? "expired" : short(end - now);
}
