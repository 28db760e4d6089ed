//! The files that a mirror serves.

use std::time::Duration;

use jiff::Timestamp;

/// How often the authority publishes, in seconds.
const INTERVAL: i64 = 6 * 3600;

/// How old the newest generation is at least, in seconds: mirrors get some time before their lag counts, and a
/// demonstration must not depend on the time of day.
const YOUNGEST: i64 = 3 * 3600;

/// The digest of no bytes at all: the suites' package lists are empty.
const EMPTY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// The moment of the newest generation of `lag` ago: three to nine hours before that. It changes every six hours.
pub(super) fn generation(now: Timestamp, lag: Duration) -> Timestamp {
    let then = now.as_second() - i64::try_from(lag.as_secs()).unwrap_or(0);
    let published = (then - YOUNGEST).div_euclid(INTERVAL) * INTERVAL;
    Timestamp::from_second(published).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// The file at `path` as of a generation, with its media type; none where there is no such file.
pub(super) fn file(path: &str, published: Timestamp) -> Option<(&'static str, String)> {
    let path = path.split('?').next().unwrap_or_default();
    if path.ends_with('/') {
        return Some(("text/html", listing(path)));
    }
    if let Some(folder) = path.strip_suffix("/InRelease") {
        let suite = folder.split_once("/dists/").map_or("flat", |(_, suite)| suite);
        return Some(("text/plain", in_release(suite, published)));
    }
    if path.ends_with("/repodata/repomd.xml") {
        return Some(("text/xml", repomd(published)));
    }
    path.ends_with("/Packages").then(|| ("text/plain", String::new()))
}

fn listing(path: &str) -> String {
    let entries = ["debian/", "fedora/", "README"].map(|name| format!("<a href=\"{name}\">{name}</a>\n"));
    let entries = entries.concat();
    format!("<html><head><title>Index of {path}</title></head><body><pre>\n{entries}</pre></body></html>\n")
}

/// Framed like a signed file, because readers must cope with the frame. The signature is a placeholder: nobody who
/// verifies it will accept it.
fn in_release(suite: &str, published: Timestamp) -> String {
    let date = |moment: Timestamp| moment.strftime("%a, %d %b %Y %H:%M:%S UTC").to_string();
    let valid_until = published + jiff::SignedDuration::from_hours(10 * 24);
    format!(
        "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nOrigin: Example\nLabel: Example\nSuite: {suite}\n\
         Codename: {suite}\nDate: {}\nValid-Until: {}\nArchitectures: amd64\nComponents: main\nSHA256:\n {EMPTY} 0 \
         main/binary-amd64/Packages\n-----BEGIN PGP SIGNATURE-----\n\nbm90IGEgc2lnbmF0dXJl\n-----END PGP SIGNATURE-----\n",
        date(published),
        date(valid_until),
    )
}

fn repomd(published: Timestamp) -> String {
    let second = published.as_second();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<repomd xmlns="http://linux.duke.edu/metadata/repo">
  <revision>{second}</revision>
  <data type="primary">
    <checksum type="sha256">{EMPTY}</checksum>
    <location href="repodata/{EMPTY}-primary.xml"/>
    <timestamp>{second}</timestamp>
    <size>0</size>
  </data>
</repomd>
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generations_are_hours_apart_and_move_with_the_lag() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        assert_eq!(generation(now, Duration::ZERO), "2026-11-20T06:00:00Z".parse().unwrap());
        let lag = Duration::from_secs(3 * 24 * 3600);
        assert_eq!(generation(now, lag), "2026-11-17T06:00:00Z".parse().unwrap());
    }

    #[test]
    fn every_file_that_is_named_is_served() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let (_, release) = file("/debian/dists/stable/InRelease", now).unwrap();
        assert!(
            release.contains("\nSuite: stable\n") && release.contains("main/binary-amd64/Packages"),
            "{release}"
        );
        assert!(
            file("/debian/dists/stable/main/binary-amd64/Packages", now)
                .unwrap()
                .1
                .is_empty()
        );
        assert!(
            file("/fedora/repodata/repomd.xml", now)
                .unwrap()
                .1
                .contains("type=\"primary\"")
        );
        assert!(file("/nothing", now).is_none());
    }
}
