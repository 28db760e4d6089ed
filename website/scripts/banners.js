// Banners at the top of the page: what the reader must know before believing the rest.

import { byId, element, icon } from "./elements.js";

/** Shows these banners: `{ id, kind: "warning" | "problem", text }`. One that says the same as before is left alone. */
export function showBanners(banners) {
  const place = byId("banners");
  const shown = new Map([...place.children].map((child) => [child.dataset.banner, child]));
  const wanted = banners.map((banner) => {
    const old = shown.get(banner.id);
    return old?.dataset.text === banner.text ? old : makeBanner(banner);
  });
  const same = wanted.length === place.children.length && wanted.every((child, at) => child === place.children[at]);
  if (!same) place.replaceChildren(...wanted);
}

function makeBanner({ id, kind, text }) {
  return element(
    "p",
    {
      class: `banner banner-${kind}`,
      role: kind === "problem" ? "alert" : "status",
      "data-banner": id,
      "data-text": text,
    },
    icon(kind),
    element("span", {}, text),
  );
}
