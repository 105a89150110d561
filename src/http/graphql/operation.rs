//! One operation that may run, and its answer made fit to be shown. All three transports come through here.

use std::{any::Any, collections::HashSet, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use async_graphql::{
    Request, Response, ServerError, Value,
    indexmap::IndexMap,
    parser::types::{DocumentOperations, OperationDefinition, OperationType},
};
use futures_util::{FutureExt, StreamExt, stream, stream::BoxStream};
use serde::{Serialize, Serializer, ser::SerializeStruct};
use tokio::time::timeout;
use tracing::{Instrument, Span};

use super::{
    completion::Completion,
    error::{self, Code},
    execution,
    gate::Gate,
    order::Order,
    presence,
};
use crate::{
    graphql::panic_message,
    http::{GraphqlExecutor, RequestId},
    metrics::Metrics,
    model::Scope,
    spans,
};

/// An operation that has passed the [`Gate`].
pub(crate) struct Operation {
    request: Request,
    scope: Scope,
    /// What kind it is.
    pub(crate) kind: OperationType,
    /// How long it may run, if it is not a subscription.
    within: Duration,
    finish: Finish,
}

/// Who asks, and by which name the request is known in the log.
pub(crate) struct Caller {
    /// Whom the request speaks for.
    pub(crate) scope: Scope,
    /// The request's name.
    pub(crate) id: RequestId,
}

/// What the data of an answer must look like.
pub(crate) struct Shape {
    /// Its fields' order.
    pub(crate) order: Order,
    /// Whether it has marks to take out.
    pub(crate) is_marked: bool,
}

/// What became of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ran; single fields may have failed.
    Ran,
    /// It was refused before it ran: the answer has no data.
    Refused,
    /// It ended in a panic: the answer has no data.
    Crashed,
    /// It was ended because it ran too long: the answer has no data.
    TimedOut,
}

impl Outcome {
    /// An operation that was refused is its client's fault, and not a failed one.
    fn tell(self, span: &Span) {
        match self {
            Self::Ran | Self::Refused => {}
            Self::Crashed => spans::failed(span, "panic"),
            Self::TimedOut => spans::failed(span, "timeout"),
        }
    }
}

/// An answer, as clients may see it.
#[derive(Debug)]
pub(crate) struct Answer {
    /// Data and errors.
    pub(crate) response: Response,
    /// What became of the operation.
    pub(crate) outcome: Outcome,
}

impl Answer {
    /// The answer to what is not run.
    pub(crate) fn refused(error: ServerError) -> Self {
        Self { response: Response::from_errors(vec![error]), outcome: Outcome::Refused }
    }
}

impl Serialize for Answer {
    /// The response map of the GraphQL specification (§7.1): no `data` when nothing ran.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Response { data, errors, extensions, .. } = &self.response;
        let mut map = serializer.serialize_struct("Response", 3)?;
        if !errors.is_empty() {
            map.serialize_field("errors", errors)?;
        }
        if self.outcome == Outcome::Ran {
            map.serialize_field("data", data)?;
        }
        if !extensions.is_empty() {
            map.serialize_field("extensions", extensions)?;
        }
        map.end()
    }
}

impl Operation {
    /// Prepares a request to run.
    pub(crate) fn new(
        request: Request,
        kind: OperationType,
        caller: Caller,
        shape: Shape,
        gate: &Arc<Gate>,
    ) -> Self {
        let finish = Finish {
            id: caller.id,
            gate: Arc::clone(gate),
            query: request.query.clone(),
            operation_name: request.operation_name.clone(),
            shape,
        };
        Self { request, scope: caller.scope, kind, within: gate.limits.query_timeout, finish }
    }

    /// Adds to what resolvers find in their context.
    pub(crate) fn with(mut self, data: impl Any + Send + Sync) -> Self {
        self.request = self.request.data(data);
        self
    }

    /// Runs a query or a mutation to its end.
    pub(crate) async fn run(self, executor: &dyn GraphqlExecutor) -> Answer {
        let Self { mut request, scope, kind, within, finish } = self;
        let span = span(&mut request, kind);
        let running = execution::run(request, &scope, kind, executor).instrument(span.clone());
        let answer = match timeout(within, AssertUnwindSafe(running).catch_unwind()).await {
            Ok(Ok(response)) => finish.answer(response),
            Ok(Err(panic)) => finish.crashed(&*panic),
            Err(_) => finish.timed_out(within),
        };
        answer.outcome.tell(&span);
        answer
    }

    /// Runs any operation; a subscription answers many times. After a panic nothing more comes.
    pub(crate) fn stream(
        mut self,
        executor: Arc<dyn GraphqlExecutor>,
        metrics: &Metrics,
    ) -> BoxStream<'static, Answer> {
        if self.kind != OperationType::Subscription {
            return stream::once(async move { self.run(&*executor).await }).boxed();
        }
        let span = span(&mut self.request, self.kind);
        let (finish, counted) = (self.finish, metrics.subscription());
        let request = executor.prepare(self.request, &self.scope);
        AssertUnwindSafe(executor.execute_stream(request))
            .catch_unwind()
            .map(move |event| {
                let _counted_while_running = &counted;
                let answer = match event {
                    Ok(response) => finish.answer(response),
                    Err(panic) => finish.crashed(&*panic),
                };
                answer.outcome.tell(&span);
                answer
            })
            .boxed()
    }
}

fn span(request: &mut Request, kind: OperationType) -> Span {
    let span = spans::graphql_operation(&kind);
    if !span.is_disabled()
        && let Some(name) = name(request)
    {
        spans::name_operation(&span, &name);
    }
    span
}

/// The name of the operation that is to run: the one asked for, or that of the only one.
fn name(request: &mut Request) -> Option<String> {
    if request.operation_name.is_some() {
        return request.operation_name.clone();
    }
    let (name, _) = request.parsed_query().ok()?.operations.iter().next()?;
    name.map(ToString::to_string)
}

/// What is needed to make an answer of what the execution returns.
struct Finish {
    id: RequestId,
    gate: Arc<Gate>,
    query: String,
    operation_name: Option<String>,
    shape: Shape,
}

impl Finish {
    fn answer(&self, mut response: Response) -> Answer {
        // Errors of a field carry its path; an error without one is of the whole request.
        let refused = response.data == Value::Null
            && !response.errors.is_empty()
            && response.errors.iter().all(|error| error.path.is_empty());
        if !refused {
            self.complete(&mut response);
        }
        if response.data == Value::Null && response.errors.is_empty() {
            // All its fields were skipped.
            response.data = Value::Object(IndexMap::default());
        }
        if self.shape.is_marked {
            presence::unmark(&mut response.data);
        }
        self.shape.order.apply(&mut response.data);
        let omitted = response.errors.len().saturating_sub(self.gate.limits.max_errors);
        response.errors.truncate(self.gate.limits.max_errors);
        if omitted > 0 {
            response.extensions.insert("omittedErrors".to_owned(), omitted.into());
        }
        error::polish(&mut response, self.id, refused);
        Answer { response, outcome: if refused { Outcome::Refused } else { Outcome::Ran } }
    }

    /// The document is only needed when something failed, and then parsed again.
    fn complete(&self, response: &mut Response) {
        if response.errors.is_empty() {
            return;
        }
        let Ok(document) = async_graphql::parser::parse_query(&self.query) else { return };
        let completion = Completion { document: &document, types: &self.gate.types };
        if let Some(operation) = operation(&document.operations, self.operation_name.as_deref()) {
            let mut settled = HashSet::new();
            for error in &response.errors {
                if settled.insert(error::path(error)) {
                    completion.settle(&mut response.data, operation, &error.path);
                }
            }
        }
    }

    fn crashed(&self, panic: &(dyn Any + Send)) -> Answer {
        tracing::error!(request_id = %self.id, panic = panic_message(panic), "a resolver panicked");
        let response = Response::from_errors(vec![error::internal(self.id)]);
        Answer { response, outcome: Outcome::Crashed }
    }

    fn timed_out(&self, within: Duration) -> Answer {
        tracing::warn!(request_id = %self.id, within = within.as_secs_f64(), "a query was ended because it ran too long");
        let message =
            format!("The operation ran longer than {} seconds and was ended.", within.as_secs_f64());
        let mut error = error::error(Code::QueryTimeout, message);
        error.extensions.get_or_insert_default().set("allowed", within.as_secs_f64());
        Answer { response: Response::from_errors(vec![error]), outcome: Outcome::TimedOut }
    }
}

/// The operation that a request names, or the only one.
pub(crate) fn operation<'a>(
    operations: &'a DocumentOperations,
    name: Option<&str>,
) -> Option<&'a OperationDefinition> {
    let found = match (operations, name) {
        (DocumentOperations::Single(operation), None) => Some(operation),
        (DocumentOperations::Single(_), Some(_)) => None,
        (DocumentOperations::Multiple(operations), Some(name)) => operations.get(name),
        (DocumentOperations::Multiple(operations), None) => {
            operations.values().next().filter(|_| operations.len() == 1)
        }
    };
    found.map(|operation| &operation.node)
}
