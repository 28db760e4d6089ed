//! `cargo dev demo`: the apps at work on generated mirrors, without any network.

use std::time::Duration;

use jiff::Timestamp;
use service_fakes::mirrors::{DemoMirror, DemoMirrors, demo_mirrors};

use super::{Machine, asked_to_stop};
use crate::by_hand;
use crate::cli::StartOptions;
use crate::console::{Console, Level};
use crate::error_chain::chain;
use crate::host::Host;
use crate::journal::Invocation;
use crate::start::{self, Running, Setup};
use crate::storage::Seed;
use crate::workspace::Workspace;

/// The scanner: its app, the function that begins a round, and the one that checks a mirror.
const SCANNER: &str = "scan_mirrors";
const BEGIN: &str = "generate_mirror";
const CHECK: &str = "check_mirror";
/// A round of the demo takes some seconds; slow and hanging mirrors take as long as the scanner's time limit.
const ROUND: Duration = Duration::from_secs(90);

/// Starts the mirrors and the apps, runs one round, prints what was found, and goes on until it is stopped.
///
/// # Errors
/// Something cannot be started; the text says what.
pub(super) async fn run(machine: &Machine, workspace: Workspace, options: StartOptions) -> Result<(), String> {
    let console = &machine.console;
    let mirrors = demo_mirrors(&machine.clock).await.map_err(|error| chain(&error))?;
    let mut setup = Setup {
        settings: settings(&mirrors),
        seeds: vec![Seed {
            container: "static-data".to_owned(),
            path: "mirrors.json".to_owned(),
            bytes: mirrors.mirrors_json.clone().into_bytes(),
            replace: true,
        }],
        ..machine.setup(workspace.for_demo(), options)
    };
    // Storage of its own, fresh each time: what a developer keeps in target/dev is not mixed with made-up mirrors.
    setup.options.memory = setup.options.storage.is_none();
    let running = tokio::select! {
        running = start::start(setup) => running.map_err(|error| chain(&error))?,
        () = asked_to_stop() => return Ok(()),
    };
    if let Some(limitation) = mirrors.limitation {
        console.host(Level::Warn, limitation);
    }
    let shown = tokio::select! {
        shown = show(&running, &mirrors, console) => {
            if shown.is_ok() {
                asked_to_stop().await;
            }
            shown
        }
        () = asked_to_stop() => Ok(()),
    };
    running.stop().await;
    shown
}

fn settings(mirrors: &DemoMirrors) -> std::collections::BTreeMap<String, String> {
    [
        ("AddressMap", mirrors.address_map_json.as_str()),
        ("ExtraTrustRoots", mirrors.extra_trust_roots_pem.as_str()),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}

async fn show(running: &Running, mirrors: &DemoMirrors, console: &Console) -> Result<(), String> {
    let host = &running.host;
    // The journal remembers earlier demos too.
    let begun = host.clock.now();
    let round = by_hand::run(host, SCANNER, BEGIN, None)
        .await
        .map_err(|error| error.to_string())?;
    if let Some(problem) = round.failure {
        // No mirror is checked then, and waiting for checks would be in vain.
        return Err(format!("the demo cannot begin: {BEGIN} failed: {problem}"));
    }
    let mut changes = host.topics.listen();
    let all_checked = async {
        while mirrors
            .mirrors
            .iter()
            .any(|mirror| checked(host, mirror, begun).is_none())
        {
            if let Err(tokio::sync::broadcast::error::RecvError::Closed) = changes.recv().await {
                return;
            }
        }
    };
    // What has not been checked by then is shown as such.
    let _ = host.clock.timeout(ROUND, all_checked).await;
    console.block(&table(host, &mirrors.mirrors, begun));
    let page = running
        .website
        .as_ref()
        .map(|address| format!("status page {address}, "))
        .unwrap_or_default();
    console.host(
        Level::Info,
        &format!(
            "the demo goes on: {page}dashboard {}; Ctrl-C ends it",
            running.dashboard
        ),
    );
    Ok(())
}

/// The finished check of a mirror, since that moment.
fn checked(host: &Host, mirror: &DemoMirror, since: Timestamp) -> Option<Invocation> {
    host.journal.look(|ring| {
        let is_its_check = |each: &&Invocation| {
            let is_of_this_demo = each.started.function == CHECK && each.started.at >= since;
            is_of_this_demo && each.finished.is_some() && each.started.payload.text.contains(&mirror.url)
        };
        ring.newest().find(is_its_check).cloned()
    })
}

fn table(host: &Host, mirrors: &[DemoMirror], since: Timestamp) -> String {
    let mut text = String::from("\n");
    for mirror in mirrors {
        let found = checked(host, mirror, since);
        let results = found
            .iter()
            .flat_map(|check| &check.finished)
            .flat_map(|finished| &finished.outputs);
        let results: String = results.map(|output| output.content.text.as_str()).collect();
        let verdict = match (found.is_some(), mirror.expected) {
            (false, _) => "not checked yet",
            (true, None) => "ok",
            (true, Some(code)) if results.contains(code) => code,
            (true, Some(_)) => "not found out",
        };
        text.push_str(&format!("{:<46}  {:<34}  {verdict}\n", mirror.url, mirror.story));
    }
    text
}
