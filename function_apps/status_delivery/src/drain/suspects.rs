//! The order in which messages are tried that were handed out before.
//!
//! One of them may be what kills the process. It is not known which, and the count of deliveries rises for every message
//! that is received together with it, tried or not. So the order sees to it that the others get done first, in few
//! rounds: at the second delivery in groups; at the third one by one, in an order drawn from the ids; at the fourth in the
//! reverse of it, so that whoever stood behind the killer stands before it. What stands between two killers is left over:
//! [`super::spare`] keeps it from the poison queue.

use std::cmp::Reverse;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

const GROUP: usize = 32;

/// Groups to handle one after the other, each written and acknowledged before the next. `of` gives id and deliveries.
pub(super) fn groups<T>(mut messages: Vec<T>, of: impl Fn(&T) -> (&str, u32)) -> Vec<Vec<T>> {
    let deliveries = messages.iter().map(|message| of(message).1).max().unwrap_or_default();
    let place = |message: &T| {
        let mut hasher = DefaultHasher::new();
        (deliveries.div_ceil(2), of(message).0).hash(&mut hasher);
        hasher.finish()
    };
    if deliveries % 2 == 1 {
        messages.sort_by_cached_key(place);
    } else {
        messages.sort_by_cached_key(|message| Reverse(place(message)));
    }
    let size = if deliveries <= 2 { GROUP } else { 1 };
    let mut groups = Vec::with_capacity(messages.len().div_ceil(size));
    let mut messages = messages.into_iter().peekable();
    while messages.peek().is_some() {
        groups.push(messages.by_ref().take(size).collect());
    }
    groups
}

#[cfg(test)]
mod tests {
    use super::groups;

    /// What is left after handling `messages` until a killer's turn.
    fn survivors(messages: Vec<u32>, deliveries: u32, killers: &[u32]) -> Vec<u32> {
        let named: Vec<(String, u32)> = messages
            .iter()
            .map(|message| (message.to_string(), deliveries))
            .collect();
        let mut left = messages;
        for group in groups(named, |(id, deliveries)| (id, *deliveries)) {
            let group: Vec<u32> = group.iter().map(|(id, _)| id.parse().unwrap()).collect();
            if group.iter().any(|message| killers.contains(message)) {
                break;
            }
            left.retain(|message| !group.contains(message));
        }
        left
    }

    #[test]
    fn whichever_message_kills_all_others_are_done_by_the_fourth_delivery() {
        for killer in 0..128 {
            let left = (2..=4).fold((0..128).collect(), |left, deliveries| {
                survivors(left, deliveries, &[killer])
            });
            assert_eq!(left, [killer]);
        }
    }

    #[test]
    fn two_killers_leave_few_between_them() {
        let mut lost = 0;
        for killer in 0..127 {
            let killers = [killer, 127];
            let left = (2..=4).fold((0..128).collect(), |left, deliveries| {
                survivors(left, deliveries, &killers)
            });
            lost += left.len() - 2;
        }
        assert!(lost < 127 * 126 / 4, "{lost} of {}", 127 * 126);
    }

    #[test]
    fn nothing_is_left_out() {
        let all = groups(
            (0..70).map(|number| (number.to_string(), 2)).collect(),
            |(id, count)| (id, *count),
        );
        assert_eq!(all.iter().map(Vec::len).collect::<Vec<_>>(), [32, 32, 6]);
        let none = groups(Vec::<(String, u32)>::new(), |(id, count)| (id, *count));
        assert!(none.is_empty());
    }
}
