use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::CronExpression;

/// The first occurrence after `now` on the clocks of a zone.
pub(super) fn next_after(cron: &CronExpression, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let shown = zone.to_datetime(now);
    // Fractions of a second do not count: from 12:34:56.789 the next candidate is 12:34:57.
    let whole = shown.with().subsec_nanosecond(0).build().ok()?;
    let wall = cron.next_from(whole.checked_add(SignedDuration::from_secs(1)).ok()?)?;
    let moment = place(wall, now, cron, zone)?;
    if cron.is_interval()
        && let Some(repeated) = in_repeated_hour(cron, now, moment, zone)
    {
        return Some(repeated);
    }
    if moment > now {
        return Some(moment);
    }
    // The second pass of a repeated hour, for a schedule that runs in the first only: go on behind it.
    let behind = cron.next_from(wall.checked_add(SignedDuration::from_secs(1)).ok()?)?;
    let mut wall = behind;
    loop {
        let moment = place(wall, now, cron, zone)?;
        if moment > now {
            return Some(moment);
        }
        wall = cron.next_from(wall.checked_add(SignedDuration::from_secs(1)).ok()?)?;
    }
}

/// The instant of a time shown by the zone's clocks. Skipped times are shifted by the gap. Repeated times are taken in the
/// pass that `now` is in for schedules that run in both, in the first otherwise.
fn place(wall: DateTime, now: Timestamp, cron: &CronExpression, zone: &TimeZone) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(wall);
    let is_fold = matches!(ambiguous.offset(), AmbiguousOffset::Fold { .. });
    let first = ambiguous.compatible().ok()?;
    if is_fold && first <= now && cron.is_interval() {
        return zone.to_ambiguous_timestamp(wall).later().ok();
    }
    Some(first)
}

/// When the clocks were set back between `now` and `found`: the first occurrence in the hour that is shown again.
fn in_repeated_hour(cron: &CronExpression, now: Timestamp, found: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let change = zone.following(now).next()?.timestamp();
    if change > found {
        return None;
    }
    let before = zone.to_offset(change.checked_sub(SignedDuration::from_nanos(1)).ok()?);
    let after = zone.to_offset(change);
    if after >= before {
        return None;
    }
    let wall = cron.next_from(zone.to_datetime(change))?;
    let moment = after.to_timestamp(wall).ok()?;
    (moment > now && moment < found).then_some(moment)
}
