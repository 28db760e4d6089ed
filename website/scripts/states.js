// The states of a mirror, worst first, with the words for them.

export const STATES = ["problem", "warning", "unknown", "ok"];

export const STATE_WORDS = { problem: "Problem", warning: "Warning", unknown: "Unknown", ok: "OK" };

// The state that a finding of a severity puts its mirror in; a notice leaves it as it is.
export const SEVERITY_STATES = { error: "problem", warning: "warning" };

/** The worst of some states; "ok" of none. */
export function worst(states) {
  return STATES.find((state) => states.includes(state)) ?? "ok";
}
