//! The frame of every page. Markup is made by `maud`, which escapes every text: foreign strings cannot become markup.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use maud::{DOCTYPE, Markup, html};

/// The pages in the navigation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Apps and functions.
    Overview,
    /// What ran.
    Invocations,
    /// Queues and their messages.
    Queues,
    /// Messages that no function could handle.
    Poison,
    /// Schedules.
    Timers,
}

const TABS: [(Tab, &str, &str); 5] = [
    (Tab::Overview, "/", "Overview"),
    (Tab::Invocations, "/invocations", "Invocations"),
    (Tab::Queues, "/queues", "Queues"),
    (Tab::Poison, "/poison", "Poison messages"),
    (Tab::Timers, "/timers", "Timers"),
];

/// A whole page.
pub(super) fn page(tab: Tab, title: &str, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · Function apps" }
                link rel="stylesheet" href="/assets/dashboard.css";
                link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
                script src="/assets/dashboard.js" defer {}
            }
            body {
                a.skip href="#content" { "Skip to the content" }
                header.bar {
                    a.brand href="/" { b { "ƒ" } " Function apps" }
                    nav aria-label="Pages" {
                        @for (each, address, name) in TABS {
                            a href=(address) aria-current=[(each == tab).then_some("page")] { (name) }
                        }
                    }
                    div.link role="status" { span.dot {} span { "connecting" } }
                }
                main id="content" { (content) }
            }
        }
    }
}

/// Times as the developer's clock shows them.
#[derive(Clone, Debug)]
pub struct Times {
    zone: TimeZone,
    now: Timestamp,
}

impl Times {
    /// Times seen from `now`.
    pub fn new(zone: TimeZone, now: Timestamp) -> Self {
        Self { zone, now }
    }

    /// Time of day, with the date when it is another day.
    pub fn short(&self, moment: Timestamp) -> String {
        let (moment, now) = (moment.to_zoned(self.zone.clone()), self.now.to_zoned(self.zone.clone()));
        let form = if moment.date() == now.date() {
            "%H:%M:%S"
        } else {
            "%d %b %H:%M:%S"
        };
        moment.strftime(form).to_string()
    }

    /// With milliseconds, for telling events apart.
    pub fn exact(&self, moment: Timestamp) -> String {
        moment
            .to_zoned(self.zone.clone())
            .strftime("%Y-%m-%d %H:%M:%S%.3f %Z")
            .to_string()
    }

    /// "in 3 min", "5 s ago".
    pub fn relative(&self, moment: Timestamp) -> String {
        let seconds = moment.duration_since(self.now).as_secs();
        let distance = match seconds.unsigned_abs() {
            seconds @ 0..60 => format!("{seconds} s"),
            seconds @ 60..3600 => format!("{} min", seconds / 60),
            seconds @ 3600..172_800 => format!("{} h", seconds / 3600),
            seconds => format!("{} days", seconds / 86_400),
        };
        if seconds < 0 {
            format!("{distance} ago")
        } else {
            format!("in {distance}")
        }
    }
}

/// 1 234 567 with thin spaces.
pub(super) fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A duration in milliseconds for people.
pub(super) fn milliseconds(number: u64) -> String {
    match number {
        0..1000 => format!("{number} ms"),
        1000..60_000 => format!("{}.{} s", number / 1000, number % 1000 / 100),
        _ => format!("{} min {} s", number / 60_000, number % 60_000 / 1000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        let evil = "<script>alert(1)</script>\"'&";
        let markup = page(Tab::Overview, evil, &html! { p title=(evil) { (evil) } }).into_string();
        assert!(!markup.contains("<script>alert"), "{markup}");
        assert!(
            markup.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;"),
            "{markup}"
        );
    }

    #[test]
    fn times_are_short_today_and_dated_otherwise() {
        let times = Times::new(TimeZone::UTC, "2026-11-20T10:00:00Z".parse().unwrap());
        assert_eq!(times.short("2026-11-20T09:59:58Z".parse().unwrap()), "09:59:58");
        assert_eq!(times.short("2026-11-19T09:59:58Z".parse().unwrap()), "19 Nov 09:59:58");
        assert_eq!(times.relative("2026-11-20T10:03:10Z".parse().unwrap()), "in 3 min");
        assert_eq!(times.relative("2026-11-20T09:59:50Z".parse().unwrap()), "10 s ago");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!(
            [count(7), count(1234), count(1_234_567)],
            ["7", "1\u{202f}234", "1\u{202f}234\u{202f}567"]
        );
        assert_eq!(
            [milliseconds(5), milliseconds(1250), milliseconds(61_000)],
            ["5 ms", "1.2 s", "1 min 1 s"]
        );
    }
}
