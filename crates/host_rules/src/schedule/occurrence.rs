use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::CronExpression;

/// The first occurrence after `now` on the clocks of a zone.
pub(super) fn next_after(cron: &CronExpression, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    let shown = zone.to_datetime(now);
    let mut wall = cron.next_after(shown)?;
    let mut moment = place(wall, now, cron, zone)?;
    // In the second pass of a repeated hour a schedule that runs in the first only goes on behind it.
    while moment <= now {
        wall = cron.next_after(wall)?;
        moment = place(wall, now, cron, zone)?;
    }
    if cron.is_interval()
        && let Some(repeated) = in_repeated_hour(cron, now, shown.duration_until(wall), moment, zone)
    {
        return Some(repeated);
    }
    Some(moment)
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

/// When the clocks are set back between `now` and `found`: the occurrence in the time that is shown again. From a
/// time that is shown twice the host lets the distance on the clock pass; otherwise, and where that leads out of the
/// repeated time, the first occurrence shown in it counts.
fn in_repeated_hour(
    cron: &CronExpression,
    now: Timestamp,
    distance: SignedDuration,
    found: Timestamp,
    zone: &TimeZone,
) -> Option<Timestamp> {
    let change = zone.following(now).next()?.timestamp();
    if change > found {
        return None;
    }
    let before = zone.to_offset(change.checked_sub(SignedDuration::from_nanos(1)).ok()?);
    let after = zone.to_offset(change);
    let repeated = SignedDuration::from_secs(i64::from(before.seconds() - after.seconds()));
    if !repeated.is_positive() {
        return None;
    }
    let end = change.checked_add(repeated).ok()?;
    let passed = now.checked_add(distance).ok()?;
    let is_shown_twice = now >= change.checked_sub(repeated).ok()?;
    if is_shown_twice && (change..end).contains(&passed) {
        return Some(passed);
    }
    let wall = cron.next_after(
        zone.to_datetime(change)
            .checked_sub(SignedDuration::from_secs(1))
            .ok()?,
    )?;
    let moment = after.to_timestamp(wall).ok()?;
    (moment > now && moment < found).then_some(moment)
}
