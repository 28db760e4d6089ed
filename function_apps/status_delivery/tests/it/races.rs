//! Two instances at once, in every order of their requests.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use tokio::sync::Notify;

use crate::host::{self, Outcome};
use crate::mirror;
use crate::world::{Gate, World, labelled_gate};

/// Lets requests through in the order of a list of names. Who has finished is passed over; after the list all may go.
struct Turnstile {
    order: Mutex<(VecDeque<&'static str>, BTreeSet<&'static str>)>,
    moved: Notify,
}

impl Turnstile {
    fn gate(self: &Arc<Self>, name: &'static str, inner: Gate) -> Gate {
        let turnstile = Arc::clone(self);
        Arc::new(move |request| {
            let (turnstile, inner) = (Arc::clone(&turnstile), Arc::clone(&inner));
            Box::pin(async move {
                turnstile.wait_for(name).await;
                let answer = inner(request).await;
                turnstile.step(|(order, _)| {
                    order.pop_front();
                });
                answer
            })
        })
    }

    async fn wait_for(&self, name: &'static str) {
        loop {
            let moved = self.moved.notified();
            tokio::pin!(moved);
            moved.as_mut().enable();
            if self.order.lock().unwrap().0.front().is_none_or(|next| *next == name) {
                return;
            }
            moved.await;
        }
    }

    fn finish(&self, name: &'static str) {
        self.step(|(_, finished)| {
            finished.insert(name);
        });
    }

    fn step(&self, change: impl FnOnce(&mut (VecDeque<&'static str>, BTreeSet<&'static str>))) {
        let mut state = self.order.lock().unwrap();
        change(&mut state);
        while state.0.front().is_some_and(|next| state.1.contains(next)) {
            state.0.pop_front();
        }
        self.moved.notify_waiters();
    }
}

/// All orders of `each` turns of two.
fn orders(each: usize) -> Vec<VecDeque<&'static str>> {
    (0u32..1 << (2 * each))
        .filter(|bits| bits.count_ones() as usize == each)
        .map(|bits| {
            (0..2 * each)
                .map(|turn| if bits >> turn & 1 == 1 { "one" } else { "two" })
                .collect()
        })
        .collect()
}

#[tokio::test]
async fn both_results_are_public_in_every_order_and_the_document_never_goes_back() {
    let mut orders = orders(5);
    assert_eq!(orders.len(), 252);
    for order in orders.drain(..) {
        let clock = determinism::Clock::system().shifted(std::time::Duration::ZERO);
        let world = World::with_clock(clock).await;
        // Both instances know the same older state, and each has a page to drain beside its trigger.
        world.send(&[mirror("https://old/", 1, &[])]).await;
        let named = format!("{order:?}");
        let turnstile = Arc::new(Turnstile {
            order: Mutex::default(),
            moved: Notify::new(),
        });
        let instance = |name: &'static str| {
            world.instance_behind(name, turnstile.gate(name, labelled_gate(&world.emulator, name)))
        };
        let (one, two) = (instance("one"), instance("two"));
        host::run_until_idle(&world, &one).await;
        world
            .send(&[mirror("https://a/", 2, &[]), mirror("https://b/", 2, &["down"])])
            .await;
        let messages = world.queue().receive(2, host::LEASE).await.unwrap();
        turnstile.order.lock().unwrap().0 = order;

        let run = async |app, name, message| {
            let outcome = host::call(&world, app, message).await;
            turnstile.finish(name);
            outcome
        };
        let (first, second) = tokio::join!(run(&one, "one", &messages[0]), run(&two, "two", &messages[1]));
        assert_eq!((first, second), (Outcome::Succeeded, Outcome::Succeeded), "{named}");

        let public = world.public().await.unwrap();
        let mirrors = public["mirror"].as_object().unwrap();
        assert_eq!(
            mirrors.keys().collect::<Vec<_>>(),
            ["https://a/", "https://b/", "https://old/"],
            "{named}"
        );
        assert!(
            mirrors.values().all(|mirror| mirror["results"] == 1),
            "{named}: {public}"
        );
        let state = world.state().await.unwrap();
        assert_eq!(state["generation"], public["generation"], "{named}");
        let published = world.published.lock().unwrap().clone();
        assert!(
            published.is_sorted_by(|earlier, later| earlier < later),
            "{named}: {published:?}"
        );
    }
}
