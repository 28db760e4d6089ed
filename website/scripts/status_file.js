// Fetching the status file.

import { SECOND } from "./moments.js";

const TIME_LIMIT = 20 * SECOND;

/** The status file could not be had. `missing` when the server says that there is none. */
export class FetchFailure extends Error {
  constructor(message, missing = false) {
    super(message);
    this.missing = missing;
  }
}

/** The text of the status file. The browser asks the server whether its copy is still good. */
export async function fetchStatusFile(address) {
  let response;
  try {
    response = await fetch(address, {
      cache: "no-cache",
      credentials: "omit",
      signal: AbortSignal.timeout(TIME_LIMIT),
    });
    if (response.ok) return await response.text();
  } catch (error) {
    const late = error.name === "TimeoutError";
    throw new FetchFailure(late ? "the server did not answer in time" : "the server could not be reached");
  }
  throw new FetchFailure(`the server answered HTTP ${response.status}`, response.status === 404);
}
