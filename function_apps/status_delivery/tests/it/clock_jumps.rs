//! Clocks that jump, and instances whose clocks differ.

use std::time::Duration;

use crate::host::{self, Outcome};
use crate::mirror;
use crate::world::World;

#[tokio::test]
async fn the_order_of_results_does_not_depend_on_any_clock_of_delivery() {
    let (world, hands) = World::still().await;
    let app = world.instance("app");
    world.send(&[mirror("https://a/", 110, &["down"])]).await;
    host::run_until_idle(&world, &app).await;
    // An hour ahead, and a result that is older than the one that is public.
    hands.advance(Duration::from_secs(3600));
    world.send(&[mirror("https://a/", 100, &[])]).await;
    host::run_until_idle(&world, &app).await;
    assert_eq!(world.public().await.unwrap()["mirror"]["https://a/"]["running"], false);
    world.send(&[mirror("https://a/", 111, &[])]).await;
    host::run_until_idle(&world, &app).await;
    assert_eq!(world.public().await.unwrap()["mirror"]["https://a/"]["running"], true);
}

#[tokio::test]
async fn an_instance_whose_clock_is_late_puts_aside_what_it_takes_for_the_future_and_loses_nothing() {
    let (world, hands) = World::still().await;
    let app = world.instance("app");
    world
        .send(&[mirror("https://a/", 120, &[]), mirror("https://a/", 150, &["down"])])
        .await;
    assert_eq!(host::deliver(&world, &app).await, Outcome::Succeeded);
    assert_eq!(host::deliver(&world, &app).await, Outcome::Idle);
    let poisoned = world.poisoned().await;
    assert_eq!(poisoned.len(), 1);
    // Sent back once the clock is right.
    hands.advance(Duration::from_secs(3600));
    world.send(&[poisoned[0].to_string()]).await;
    host::run_until_idle(&world, &app).await;
    assert_eq!(world.public().await.unwrap()["mirror"]["https://a/"]["running"], false);
}
