//! Puts first contents into storage.

use functions_protocol::function_json::BindingKind;

use crate::app::App;
use crate::cli::StartOptions;
use crate::console::{Console, Level};
use crate::error_chain::chain;
use crate::storage::{Seed, StorageService, Use};

/// Puts the seeds; into a given account only when the caller brought them.
pub(super) async fn plant(
    apps: &[App],
    extra: &[Seed],
    storage: &StorageService,
    options: &StartOptions,
    console: &Console,
) {
    let own = options
        .storage
        .as_deref()
        .is_none_or(|choice| choice.eq_ignore_ascii_case("azurite"));
    for app in apps {
        let seeds = match Seed::of_app(&app.folder) {
            Ok(seeds) if own => seeds,
            Ok(_) => Vec::new(),
            Err(error) => {
                console.line(&app.name, Level::Error, None, &chain(&error));
                continue;
            }
        };
        for seed in extra.iter().chain(&seeds) {
            let connection = connection_of(app, &seed.container);
            let planted = match storage.connections.storage(&app.settings, &connection, Use::Bindings) {
                Ok(storage) => seed.put(&storage).await.map_err(|error| chain(&error)),
                Err(error) => Err(chain(&error)),
            };
            match planted {
                Ok(true) if !seed.replace => {
                    let text = format!("put {}/{} into storage (it was not there)", seed.container, seed.path);
                    console.line(&app.name, Level::Info, None, &text);
                }
                Ok(_) => {}
                Err(problem) => {
                    let text = format!("cannot put {}/{}: {problem}", seed.container, seed.path);
                    console.line(&app.name, Level::Error, None, &text);
                }
            }
        }
    }
}

/// The connection by which the app's bindings reach a container.
fn connection_of(app: &App, container: &str) -> String {
    let bindings = app.functions.iter().flat_map(|function| &function.bindings);
    let found = bindings.filter_map(|binding| match &binding.kind {
        BindingKind::BlobInput { path, .. } | BindingKind::BlobOutput { path, .. }
            if path.split('/').next() == Some(container) =>
        {
            binding.kind.connection()
        }
        _ => None,
    });
    found
        .map(str::to_owned)
        .next()
        .unwrap_or_else(|| "AzureWebJobsStorage".to_owned())
}
