// Keeps the sections of a page that name a topic up to date: an event says that something changed, the page is asked
// for again, and the sections are replaced by the server's own markup.
"use strict";
(() => {
  const sections = () => [...document.querySelectorAll("[data-live]")];
  const link = document.querySelector(".link");
  let waiting = null;
  let loading = false;
  let again = false;

  const busy = () => {
    const active = document.activeElement;
    return active && active.closest && active.closest("[data-live]") && /^(TEXTAREA|SELECT|INPUT)$/.test(active.tagName);
  };

  async function refresh() {
    waiting = null;
    if (loading || busy() || document.hidden) { again = true; return; }
    loading = true;
    again = false;
    try {
      const answer = await fetch(location.href, { headers: { accept: "text/html" }, redirect: "error" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const section of sections()) {
        const fresh = page.getElementById(section.id);
        if (!fresh || fresh.isEqualNode(section)) continue;
        const open = [...section.querySelectorAll("details[open][id]")].map((details) => details.id);
        const focus = document.activeElement && document.activeElement.id;
        section.replaceWith(fresh);
        for (const id of open) document.getElementById(id)?.setAttribute("open", "");
        if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
      }
    } catch { /* the development host has ended; the event stream says so */ }
    loading = false;
    if (again) schedule(400);
  }

  function schedule(delay) { if (waiting === null) waiting = setTimeout(refresh, delay); }

  const topics = new Set(sections().flatMap((section) => section.dataset.live.split(" ")));
  const events = new EventSource("/events");
  events.onopen = () => { link.className = "link live"; link.lastElementChild.textContent = "live"; schedule(0); };
  events.onerror = () => { link.className = "link lost"; link.lastElementChild.textContent = "not connected"; };
  events.onmessage = (event) => { if (topics.has(event.data) || event.data === "all") schedule(150); };
  document.addEventListener("visibilitychange", () => { if (!document.hidden && again) schedule(0); });

  for (const form of document.querySelectorAll("form.filters")) form.addEventListener("change", () => form.submit());
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset && event.target.dataset.confirm;
    if (question && !confirm(question)) event.preventDefault();
  });
})();
