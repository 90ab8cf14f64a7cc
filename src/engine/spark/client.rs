//! A client of a Spark Connect server, on the transport of Spark's own client.
//!
//! The data frames of that client are not used: they take the end of a stream for the end of the statement. A server closes a
//! stream after two minutes (`spark.connect.execute.reattachable.senderMaxStreamDuration`); the client must then request the rest
//! of it.

#![expect(clippy::result_large_err, reason = "the client's error is its own")]

use std::io::Cursor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_ipc::reader::StreamReader;
use spark_connect_core::{
    ChannelBuilder, ExecutePlanResponseReattachableIterator as Protocol, Result, RetryPolicy, RetryPolicyState,
    SparkConnectClient, SparkError, block_on,
};
use spark_connect_proto as proto;

use proto::analyze_plan_request::Analyze;
use proto::command::CommandType;
use proto::execute_plan_response::ResponseType;
use proto::plan::OpType;
use proto::relation::RelType;

/// A session on a server.
#[derive(Clone)]
pub(super) struct Client {
    server: Arc<SparkConnectClient>,
    tasks: Arc<Tasks>,
}

/// Progress that the server has reported of the tasks of its statements. Spark reports it regularly, Sail never.
#[derive(Default)]
struct Tasks {
    /// True if the server ever reported progress.
    are_told: AtomicBool,
    /// True if tasks of the last statement are running.
    run: AtomicBool,
    /// Bytes that the last statement's stages have read, as reported.
    bytes_read: AtomicU64,
}

impl Client {
    pub(super) fn connect(address: &str) -> Result<Self> {
        let client = block_on(SparkConnectClient::connect(&ChannelBuilder::parse(address)?))?;
        Ok(Self { server: Arc::new(client), tasks: Arc::default() })
    }

    pub(super) fn set(&self, key: &str, value: &str) -> Result<()> {
        block_on(self.server.set_config(key, value))
    }

    pub(super) fn version(&self) -> Result<String> {
        let request = proto::AnalyzePlanRequest {
            session_id: self.server.session_id().to_owned(),
            user_context: Some(proto::UserContext::default()),
            analyze: Some(Analyze::SparkVersion(proto::analyze_plan_request::SparkVersion {})),
            ..Default::default()
        };
        match block_on(self.server.analyze_plan(request))?.result {
            Some(proto::analyze_plan_response::Result::SparkVersion(told)) => Ok(told.version),
            _ => Err(SparkError::connect_msg("it does not say which version it has")),
        }
    }

    /// Creates a view of files.
    pub(super) fn view(&self, name: &str, format: &str, location: &str, options: &[(&str, &str)]) -> Result<()> {
        let files = proto::read::DataSource {
            format: Some(format.to_owned()),
            paths: vec![location.to_owned()],
            options: options.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Default::default()
        };
        let read = proto::Read { read_type: Some(proto::read::ReadType::DataSource(files)), ..Default::default() };
        self.command(CommandType::CreateDataframeView(proto::CreateDataFrameViewCommand {
            input: Some(relation(RelType::Read(read))),
            name: name.to_owned(),
            replace: true,
            ..Default::default()
        }))
    }

    /// Appends the rows of a query to a folder of Parquet files.
    pub(super) fn write(&self, query: &str, location: &str) -> Result<()> {
        self.command(CommandType::WriteOperation(proto::WriteOperation {
            input: Some(sql(query)),
            source: Some("parquet".to_owned()),
            mode: proto::write_operation::SaveMode::Append.into(),
            save_type: Some(proto::write_operation::SaveType::Path(location.to_owned())),
            ..Default::default()
        }))
    }

    /// Returns the rows of a query.
    pub(super) fn query(&self, query: &str) -> Result<Batches> {
        Ok(Batches { answers: self.execute(OpType::Root(sql(query)))?, found: Vec::new().into_iter() })
    }

    /// Returns true if the server is still planning the last statement, as far as it reports.
    pub(super) fn is_planning(&self) -> bool {
        self.tasks.are_told.load(Ordering::Relaxed) && !self.tasks.run.load(Ordering::Relaxed)
    }

    /// Returns the bytes that the last statement has read, as far as the server reports.
    pub(super) fn bytes_read(&self) -> u64 {
        self.tasks.bytes_read.load(Ordering::Relaxed)
    }

    /// Interrupts running statements. Spark (4.3) does this once for each statement, and ignores it for a statement that it is
    /// still planning: the tasks begin all the same, and can't be ended then.
    pub(super) fn interrupt(&self) -> Result<()> {
        block_on(self.server.interrupt_all()).map(drop)
    }

    /// Interrupts running statements, and ends the session.
    pub(super) fn release(&self) -> Result<()> {
        self.interrupt()?;
        block_on(self.server.release_session())
    }

    fn note_tasks(&self, answer: &proto::ExecutePlanResponse) {
        if let Some(ResponseType::ExecutionProgress(progress)) = &answer.response_type {
            self.tasks.are_told.store(true, Ordering::Relaxed);
            self.tasks.run.store(progress.num_inflight_tasks > 0, Ordering::Relaxed);
            let read = progress.stages.iter().map(|stage| u64::try_from(stage.input_bytes_read).unwrap_or_default()).sum();
            self.tasks.bytes_read.store(read, Ordering::Relaxed);
        }
    }

    fn command(&self, command: CommandType) -> Result<()> {
        let mut answers = self.execute(OpType::Command(proto::Command { command_type: Some(command) }))?;
        while answers.next()?.is_some() {}
        Ok(())
    }

    fn execute(&self, statement: OpType) -> Result<Answers> {
        self.tasks.run.store(false, Ordering::Relaxed);
        self.tasks.bytes_read.store(0, Ordering::Relaxed);
        let protocol = Protocol::new(proto::ExecutePlanRequest {
            session_id: self.server.session_id().to_owned(),
            user_context: Some(proto::UserContext::default()),
            plan: Some(proto::Plan { op_type: Some(statement) }),
            ..Default::default()
        });
        let stream = block_on(self.server.execute_plan(protocol.request().clone()))?;
        Ok(Answers { client: self.clone(), protocol, stream, retries: RetryPolicyState::new(RetryPolicy::default()) })
    }
}

fn sql(query: &str) -> proto::Relation {
    relation(RelType::Sql(proto::Sql { query: query.to_owned(), ..Default::default() }))
}

fn relation(of: RelType) -> proto::Relation {
    proto::Relation { rel_type: Some(of), ..Default::default() }
}

/// The answers of a server to a statement, to its end.
struct Answers {
    client: Client,
    protocol: Protocol,
    stream: Stream,
    retries: RetryPolicyState,
}

/// The transport's stream of answers.
type Stream = tonic::Streaming<proto::ExecutePlanResponse>;

impl Answers {
    /// Returns the next answer; None once the server has said that the statement is complete.
    fn next(&mut self) -> Result<Option<proto::ExecutePlanResponse>> {
        block_on(async {
            while !self.protocol.is_completed().await {
                match self.stream.message().await {
                    Ok(Some(answer)) => {
                        self.protocol.set_last_response_id(&answer).await;
                        self.client.note_tasks(&answer);
                        return Ok(Some(answer));
                    }
                    Ok(None) => {}
                    Err(status) => self.wait(status).await?,
                }
                let rest = self.protocol.create_reattach_request().await;
                self.stream = self.client.server.reattach_execute(rest).await?;
            }
            Ok(None)
        })
    }

    /// Waits before a retry after a failure; returns the failure if it can't be retried.
    async fn wait(&mut self, status: tonic::Status) -> Result<()> {
        let wait = self.retries.policy().can_retry(&status).then(|| self.retries.next_attempt(None)).flatten();
        match wait {
            Some(wait) => {
                tokio::time::sleep(Duration::from_millis(wait)).await;
                Ok(())
            }
            None => Err(SparkError::from_grpc_status(status)),
        }
    }
}

/// The rows of a query, as they arrive.
pub(super) struct Batches {
    answers: Answers,
    found: std::vec::IntoIter<RecordBatch>,
}

impl Iterator for Batches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(batch) = self.found.next() {
                return Some(Ok(batch));
            }
            match self.answers.next().transpose()?.and_then(|answer| batches(answer.response_type)) {
                Ok(found) => self.found = found.into_iter(),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn batches(answer: Option<ResponseType>) -> Result<Vec<RecordBatch>> {
    let Some(ResponseType::ArrowBatch(batch)) = answer else { return Ok(Vec::new()) };
    StreamReader::try_new(Cursor::new(batch.data), None)
        .and_then(Iterator::collect)
        .map_err(|error| SparkError::connect_msg(format!("its rows can't be read: {error}")))
}
