//! The declaration of a job type: what an app's jobs do.

use std::collections::BTreeMap;
use std::sync::Arc;

use custom_handler::{Context, Failure, HttpRequest, HttpRequestExt, Problem, QueueFailure, chain};
use futures::FutureExt;
use futures::future::BoxFuture;
use ledger_protocol::JobId;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::LedgerError;
use crate::ledger::{Ledger, LedgerPlace};
use crate::status::JobStatus;
use crate::unit_context::UnitContext;
use crate::worker::{Ended, FinalUnit, Work};

type UnitHandler<D> =
    Box<dyn Fn(Context<D>, Arc<UnitContext>) -> BoxFuture<'static, Result<(), QueueFailure>> + Send + Sync>;
type LastHandler<D> =
    Box<dyn Fn(Context<D>, Arc<FinalUnit>) -> BoxFuture<'static, Result<Value, QueueFailure>> + Send + Sync>;
type StartReader = Box<dyn Fn(&HttpRequest) -> Result<StartRequest, Problem> + Send + Sync>;
type StatusBody = Box<dyn Fn(&JobStatus) -> Value + Send + Sync>;

/// A kind of job: its unit kinds, its final unit, and the functions through which it is started and watched.
///
/// The first kind declared is that of the root unit, whose input is the job's.
///
/// ```
/// # use std::sync::Arc;
/// # use custom_handler::{Context, FunctionApp, QueueFailure};
/// # use work_ledger::{FinalUnit, JobType, Ledger, LedgerPlace, UnitContext};
/// # struct Deps { ledger: Ledger }
/// const PLACE: LedgerPlace = LedgerPlace { container: "squares-ledger", queue: "squares-units" };
///
/// async fn square(_: Context<Deps>, unit: Arc<UnitContext>, number: u64) -> Result<(), QueueFailure> {
///     unit.output_json(&(number * number)).await?;
///     Ok(())
/// }
///
/// async fn count(_: Context<Deps>, last: Arc<FinalUnit>) -> Result<usize, QueueFailure> {
///     Ok(last.manifest().outputs().count())
/// }
///
/// fn functions() -> FunctionApp<Deps> {
///     let squares = JobType::new("squares", PLACE, |deps: &Deps| &deps.ledger).unit("square", square).last(count);
///     squares.add_to(FunctionApp::new("squares_app"))
/// }
/// # functions().check().unwrap();
/// ```
#[must_use = "a job type does nothing until it is added to an app"]
pub struct JobType<D> {
    pub(crate) name: &'static str,
    pub(crate) place: LedgerPlace,
    pub(crate) ledger: fn(&D) -> &Ledger,
    pub(crate) connection: &'static str,
    pub(crate) route: &'static str,
    pub(crate) own_status: Option<(&'static str, StatusBody)>,
    pub(crate) read_start: StartReader,
    pub(crate) root: Option<&'static str>,
    pub(crate) slot: Option<&'static str>,
    kinds: BTreeMap<&'static str, UnitHandler<D>>,
    last: LastHandler<D>,
}

/// What a caller asks for: the job's id, if the caller gives one, and its input as JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct StartRequest {
    /// The caller's key: a second start with it is the same job. Without one the job gets an id of its own.
    pub id: Option<JobId>,
    /// The root unit's input.
    pub input: Value,
}

impl<D: Send + Sync + 'static> JobType<D> {
    /// A job type. Its name begins the names of its functions and is its route; `ledger` finds the ledger among the app's
    /// dependencies.
    pub fn new(name: &'static str, place: LedgerPlace, ledger: fn(&D) -> &Ledger) -> Self {
        Self {
            name,
            place,
            ledger,
            connection: "AzureWebJobsStorage",
            route: name,
            own_status: None,
            read_start: Box::new(read_start),
            root: None,
            slot: None,
            kinds: BTreeMap::new(),
            last: Box::new(|_, last| {
                async move { Ok(serde_json::json!({ "units": last.manifest().done.len() })) }.boxed()
            }),
        }
    }

    /// Adds a kind of unit: `async fn(Context<D>, Arc<UnitContext>, input) -> Result<(), error>`. An input that cannot be
    /// read fails the unit for good, and so does `Permanent`; every other error is tried again.
    pub fn unit<I, H, F>(mut self, kind: &'static str, handler: H) -> Self
    where
        I: DeserializeOwned + Send + 'static,
        H: Fn(Context<D>, Arc<UnitContext>, I) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), QueueFailure>> + Send + 'static,
    {
        self.root.get_or_insert(kind);
        let handler: UnitHandler<D> = Box::new(move |context, unit| match unit.input::<I>() {
            Ok(input) => handler(context, unit, input).boxed(),
            Err(error) => futures::future::ready(Err(Failure::Known((&error).into()))).boxed(),
        });
        self.kinds.insert(kind, handler);
        self
    }

    /// What ends each epoch: `async fn(Context<D>, Arc<FinalUnit>) -> Result<output, error>`. The output is what the
    /// status shows. Without one it is the number of units done.
    pub fn last<O, H, F>(mut self, handler: H) -> Self
    where
        O: Serialize,
        H: Fn(Context<D>, Arc<FinalUnit>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<O, QueueFailure>> + Send + 'static,
    {
        self.last = Box::new(move |context, last| {
            let ended = handler(context, last);
            async move { Ok(serde_json::to_value(ended.await?)?) }.boxed()
        });
        self
    }

    /// The setting that holds the connection to the ledger's account. Default: `AzureWebJobsStorage`.
    pub fn connection(self, setting: &'static str) -> Self {
        Self {
            connection: setting,
            ..self
        }
    }

    /// At most one job of this slot runs at a time: a start while another one runs is refused.
    pub fn single_run(self, slot: &'static str) -> Self {
        Self {
            slot: Some(slot),
            ..self
        }
    }

    /// The route of the generated HTTP functions. Default: the name.
    pub fn route(self, route: &'static str) -> Self {
        Self { route, ..self }
    }

    /// How a start's request is read. Default: the JSON body is the input, and the query's `id` the id.
    pub fn read_start(
        mut self,
        read: impl Fn(&HttpRequest) -> Result<StartRequest, Problem> + Send + Sync + 'static,
    ) -> Self {
        self.read_start = Box::new(read);
        self
    }

    /// Adds a status function of the app's own: its route needs `{id}`, and it answers 200 with this body as long as
    /// there is such a job.
    pub fn own_status(
        mut self,
        route: &'static str,
        body: impl Fn(&JobStatus) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.own_status = Some((route, Box::new(body)));
        self
    }
}

fn read_start(request: &HttpRequest) -> Result<StartRequest, Problem> {
    let unusable =
        |error: ledger_protocol::names::JobIdError| Problem::new(400, "The id is not usable").detail(error.to_string());
    let id = request.query("id").map(JobId::new).transpose().map_err(unusable)?;
    Ok(StartRequest {
        id,
        input: request.json()?,
    })
}

/// An app's work within one invocation.
pub(crate) struct AppWork<D> {
    pub(crate) job_type: Arc<JobType<D>>,
    pub(crate) context: Context<D>,
}

impl<D: Send + Sync + 'static> Work for AppWork<D> {
    fn unit(&self, unit: Arc<UnitContext>) -> BoxFuture<'_, Ended> {
        let Some(handler) = self.job_type.kinds.get(unit.kind()) else {
            // A deployment that is being taken back may meet kinds of a newer one.
            let reason = format!("this version of the app has no unit of kind {}", unit.kind());
            return futures::future::ready(Ended::Retryable(reason)).boxed();
        };
        let worked = handler(self.context.clone(), unit);
        async move {
            match worked.await {
                Ok(()) => Ended::Finished,
                Err(failure) => ended(failure),
            }
        }
        .boxed()
    }

    fn last(&self, last: Arc<FinalUnit>) -> BoxFuture<'_, Result<Value, Ended>> {
        (self.job_type.last)(self.context.clone(), last)
            .map(|ended_with| ended_with.map_err(ended))
            .boxed()
    }
}

fn ended(failure: QueueFailure) -> Ended {
    match failure {
        Failure::Known(permanent) => Ended::Permanent(permanent.reason().to_owned()),
        // More children than a unit can have will not be fewer next time.
        Failure::Retry(error) if matches!(error.downcast_ref(), Some(LedgerError::TooManyChildren)) => {
            Ended::Permanent(error.to_string())
        }
        Failure::Retry(error) => Ended::Retryable(chain(&*error)),
    }
}
