// Moments and spans of time. A moment is a number: milliseconds since 1970 in UTC.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export { SECOND, MINUTE };

// Either RFC 3339, or the older form without a zone, which is UTC and has no fraction when that is zero.
const MOMENT = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)?$/;

/** Reads a moment; null when `value` is none. */
export function readMoment(value) {
  const parts = typeof value === "string" ? MOMENT.exec(value) : null;
  if (!parts) return null;
  const [, date, time, fraction = "", zone = "Z"] = parts;
  const moment = Date.parse(`${date}T${time}${fraction.slice(0, 4)}${zone}`);
  return Number.isNaN(moment) ? null : moment;
}

/** "2026-11-20 10:00:00 UTC" */
export function absolute(moment) {
  const text = new Date(moment).toISOString();
  return `${text.slice(0, -14)} ${text.slice(-13, -5)} UTC`;
}

/** "3 minutes ago". A moment in the future, as clocks that differ make it, is "just now". */
export function ago(moment, now) {
  const span = now - moment;
  return span < 45 * SECOND ? "just now" : `${inWords(span)} ago`;
}

/** "3 minutes", "2 hours", "12 days": one unit, rounded. */
export function inWords(span) {
  const minutes = Math.max(1, Math.round(span / MINUTE));
  if (minutes < 60) return counted(minutes, "minute");
  const hours = Math.round(span / HOUR);
  return hours < 48 ? counted(hours, "hour") : counted(Math.round(span / DAY), "day");
}

/** A span in the least room that keeps two figures: "42 s", "35 min", "9 h", "3 d". */
export function short(span) {
  if (span < MINUTE) return `${Math.round(span / SECOND)} s`;
  if (span < HOUR) return `${Math.round(span / MINUTE)} min`;
  return span < 2 * DAY ? `${Math.round(span / HOUR)} h` : `${Math.round(span / DAY)} d`;
}

/** A span of milliseconds as a latency: "24 ms", "1.3 s". */
export function latency(milliseconds) {
  return milliseconds < SECOND ? `${Math.round(milliseconds)} ms` : `${(milliseconds / SECOND).toFixed(1)} s`;
}

// One for the whole page: `toLocaleString` makes a new one for each number, which takes longer than the rest of a row.
const GROUPED = new Intl.NumberFormat("en");

/** "1,204" */
export function grouped(count) {
  return GROUPED.format(count);
}

/** "1 mirror", "2 mirrors", "1,204 mirrors" */
export function counted(count, noun) {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}
