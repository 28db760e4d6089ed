// Doing something again and again while somebody looks.

/**
 * Calls `work` now, then `every` milliseconds after it ended, as long as the page is visible; at once when the page is
 * visible again after longer than that. Returns a function that calls it out of turn.
 */
export function keepRefreshing(work, every) {
  let timer = null;
  let running = null;
  let ended = 0;

  function schedule() {
    clearTimeout(timer);
    if (document.hidden || running) return;
    timer = setTimeout(run, Math.max(0, ended + every - Date.now()));
  }

  function run() {
    clearTimeout(timer);
    running ??= work().finally(() => {
      running = null;
      ended = Date.now();
      schedule();
    });
    return running;
  }

  document.addEventListener("visibilitychange", schedule);
  run();
  return run;
}
