// Status documents as delivery writes them, for tests and for looking at the page.

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Milliseconds since 1970 as the naive UTC text that the document has always had. */
export function naive(moment) {
  return new Date(moment)
    .toISOString()
    .replace("T", " ")
    .replace(/\.000Z$/, "")
    .replace(/Z$/, "000");
}

export function rfc3339(moment) {
  return new Date(moment).toISOString().replace(/\.000Z$/, "Z");
}

/** The document with these mirrors. */
export function statusDocument(mirrors, now, more = {}) {
  return { mirror: mirrors, apt: {}, yum: {}, generated_at: rfc3339(now), generation: 412, ...more };
}

/** One mirror's entry, well unless `findings` say otherwise. `facts` replace parts of the usual ones. */
export function mirror(
  checked,
  { findings = [], lag = 0, certificateIn = 61 * DAY, latency = 41, ipv6 = {}, facts } = {},
) {
  const errors = findings.filter((finding) => finding.severity === "error");
  return {
    running: errors.length === 0,
    errors: errors.map((finding) => `${finding.code}: ${finding.message}`),
    time: naive(checked),
    observed_at: rfc3339(checked),
    findings,
    facts: facts ?? {
      families: [
        family("ipv4", "192.0.2.17", latency, { date: rfc3339(checked - lag - 3 * HOUR) }),
        family("ipv6", "2001:db8::17", latency + 6, { date: rfc3339(checked - lag - 3 * HOUR), ...ipv6 }),
      ],
      ...(certificateIn === null ? {} : { certificate_not_after: rfc3339(checked + certificateIn) }),
      ...(lag === null ? {} : { lag_seconds: Math.round(lag / 1000) }),
    },
  };
}

function family(name, address, total, { files, ...file }) {
  const latency_ms = {
    dns: 2,
    connect: Math.round(total * 0.2),
    tls: Math.round(total * 0.3),
    first_byte: Math.round(total * 0.4),
    total,
  };
  return {
    family: name,
    address,
    latency_ms,
    files: files ?? [{ target: "dists/stable/InRelease", status: 200, bytes: 48123, ...file }],
  };
}

export function finding(code, severity, message, more = {}) {
  return { code, severity, message, ...more };
}

/** A document such as a real service has: mostly well, with one of each kind of trouble. */
export function sampleDocument(now) {
  const checked = now - 40_000;
  const release = { target: "dists/stable/InRelease" };
  return statusDocument(
    {
      "https://mirror.alpenglow.example/debian/": mirror(checked, { latency: 18 }),
      "https://archive.fjordline.example/debian/": mirror(checked - 3_000, { latency: 64, certificateIn: 33 * DAY }),
      "https://packages.harbor.example/repos/edge/": mirror(checked - MINUTE, {
        latency: 27,
        lag: 41 * MINUTE,
        findings: [finding("MIRROR-BEHIND", "notice", "the copy is 41 min older than the authority's", release)],
      }),
      "https://mirror.lakeside.example/debian/": mirror(checked, {
        latency: 92,
        lag: 3 * DAY,
        findings: [finding("MIRROR-LAGGING", "warning", "the copy is 3 d older than the authority's", release)],
      }),
      "https://deb.copperfield.example/": mirror(checked - 2_000, {
        latency: 35,
        certificateIn: 4 * DAY,
        findings: [finding("TLS-EXPIRING", "warning", "the certificate ends in 4 d (issuer: Example Trust CA 3)")],
      }),
      "https://six.meadow.example/linux/": mirror(checked - 9_000, {
        latency: 22,
        ipv6: { files: [{ target: "dists/stable/InRelease" }] },
        findings: [
          finding(
            "MIRROR-IPV6-BROKEN",
            "warning",
            "IPv4 works, IPv6 does not: MIRROR-REFUSED: 2001:db8::17 port 443: connection refused",
            { families: ["ipv6"] },
          ),
        ],
      }),
      "https://twins.orchard.example/ubuntu/": mirror(checked - 5_000, {
        latency: 48,
        lag: 6 * HOUR,
        findings: [
          finding(
            "MIRROR-GENERATIONS-DIFFER",
            "warning",
            "IPv4 serves 2026-11-20T03:10:12Z, IPv6 serves 2026-11-19T21:10:09Z",
            release,
          ),
          finding("MIRROR-BEHIND", "notice", "the copy is 6 h older than the authority's", {
            families: ["ipv6"],
            ...release,
          }),
        ],
      }),
      "http://closed.quarry.example/debian/": mirror(checked - 1_000, {
        facts: {
          families: [
            {
              family: "ipv4",
              address: "192.0.2.80",
              latency_ms: { dns: 1, total: 3 },
              files: [{ target: "dists/stable/InRelease" }],
            },
          ],
        },
        findings: [finding("MIRROR-REFUSED", "error", "192.0.2.80 port 80: connection refused", release)],
      }),
      "https://mirror.old-mill.example/yum/": mirror(checked - 7_000, {
        certificateIn: -2 * DAY,
        lag: null,
        facts: {
          certificate_not_after: rfc3339(checked - 2 * DAY),
          families: [
            {
              family: "ipv4",
              address: "192.0.2.91",
              latency_ms: { dns: 2, connect: 9, tls: 20, total: 31 },
              files: [{ target: "repodata/repomd.xml" }],
            },
            { family: "ipv6" },
          ],
        },
        findings: [
          finding("TLS-EXPIRED", "error", "the certificate ended 2 d ago (issuer: Example Trust CA 3)"),
          finding(
            "FAMILY-NOT-CHECKED",
            "notice",
            "the mirror has IPv6 addresses and the scanner has no IPv6 route to them",
            { families: ["ipv6"] },
          ),
        ],
      }),
      "https://mirror.portal.example/debian/": mirror(checked - 4_000, {
        latency: 12,
        lag: null,
        findings: [
          finding(
            "MIRROR-NOT-RELEASE",
            "error",
            'the answer begins with "<!doctype html><html><head><title>Welcome"',
            release,
          ),
        ],
      }),
      "https://mirror.tidewater.example/debian-security/": mirror(checked - 6_000, { latency: 1340 }),
      "https://cdn.northwind.example/apt/": mirror(checked - 2_000, { latency: 9, ipv6: { files: [] } }),
    },
    now,
  );
}

/** A document of so many mirrors; one in ten has a problem, one in ten a warning. */
export function largeDocument(count, now) {
  const mirrors = {};
  for (let place = 0; place < count; place += 1) {
    const address = `https://mirror-${String(place).padStart(5, "0")}.region-${place % 37}.example/debian/`;
    const checked = now - 20_000 - (place % 170) * 1000;
    mirrors[address] = mirror(checked, {
      latency: 8 + ((place * 37) % 900),
      certificateIn: (5 + (place % 85)) * DAY,
      ...trouble(place),
    });
  }
  return statusDocument(mirrors, now);
}

function trouble(place) {
  const target = "dists/stable/InRelease";
  if (place % 10 === 3)
    return {
      findings: [finding("MIRROR-TIMEOUT", "error", "the head of the answer did not come within 10 s", { target })],
    };
  if (place % 10 === 7)
    return {
      lag: 30 * HOUR,
      findings: [finding("MIRROR-LAGGING", "warning", "the copy is 1 d 6 h older than the authority's", { target })],
    };
  return {};
}
