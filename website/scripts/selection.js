// Which mirrors are listed, and in which order.

import { STATES } from "./states.js";

const byAddress = (a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0);

// What is not known comes last.
function byAmount(amountOf, direction) {
  return (a, b) => {
    const [first, second] = [amountOf(a), amountOf(b)];
    if (first === null || second === null) return (first === null) - (second === null);
    return (first - second) * direction;
  };
}

/** The orders to choose from; each puts what deserves attention first. Ties go by address. */
export const SORT_ORDERS = {
  state: (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state),
  address: () => 0,
  latency: byAmount((mirror) => mirror.facts.latency, -1),
  lag: byAmount((mirror) => mirror.facts.lag, -1),
  certificate: byAmount((mirror) => mirror.facts.certificateEnd, 1),
  checked: byAmount((mirror) => mirror.checked, 1),
};

/** The mirrors in an order. */
export function inOrder(mirrors, sort) {
  const order = SORT_ORDERS[sort];
  return [...mirrors].sort((a, b) => order(a, b) || byAddress(a, b));
}

/** Whether a mirror is in a state (any when null) and has every word of a search. */
export function matcher(state, find) {
  const words = find.toLowerCase().split(/\s+/).filter(Boolean);
  return (mirror) =>
    (state === null || mirror.state === state) && words.every((word) => mirror.searchText.includes(word));
}

/** How many mirrors are in each state. */
export function countStates(mirrors) {
  const counts = { problem: 0, warning: 0, unknown: 0, ok: 0 };
  for (const mirror of mirrors) counts[mirror.state] += 1;
  return counts;
}
