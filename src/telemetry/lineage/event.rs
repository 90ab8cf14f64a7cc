//! Run events, by version 2-0-2 of the specification.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use crate::identity::{ProcessingDate, RunId};

use super::facets::{Input, Output, facet, facets, producer};

/// URL of the events' schema, with its version.
const SCHEMA: &str = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent";

/// A job's name, unique within its namespace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobName {
    /// Namespace.
    pub namespace: String,
    /// `adg.MODULE` or `adg.MODULE.COLLECTION`.
    pub name: String,
}

/// The parent of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parent {
    /// Job of the run.
    pub job: JobName,
    /// Id of the run, a UUID.
    pub run: String,
}

impl Parent {
    /// Parses `namespace/job/run`, as schedulers write it into `OPENLINEAGE_PARENT_ID`.
    pub fn parse(text: &str) -> Option<Self> {
        let (job, run) = text.trim().rsplit_once('/')?;
        let (namespace, name) = job.rsplit_once('/')?;
        let run = run.parse::<RunId>().ok()?;
        Some(Self { job: JobName { namespace: namespace.to_owned(), name: name.to_owned() }, run: run.to_string() })
    }

    fn facet(&self) -> Value {
        let Self { job, run } = self;
        facet(
            "ParentRunFacet",
            "1-1-0",
            json!({ "run": { "runId": run }, "job": { "namespace": job.namespace, "name": job.name } }),
        )
    }
}

/// The state of a run at an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// The run begins.
    Start,
    /// The run is done.
    Complete,
    /// The run failed, for this reason.
    Fail(String),
}

/// An event of a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Event<'e> {
    /// State of the run.
    pub moment: Moment,
    /// Time of the event.
    pub at: Timestamp,
    /// Job of the run.
    pub job: &'e JobName,
    /// Id of the run.
    pub run: RunId,
    /// Parent of the run.
    pub parent: Option<&'e Parent>,
    /// Processing date; none for the run of a whole module.
    pub date: Option<ProcessingDate>,
    /// Input.
    pub input: Option<Input<'e>>,
    /// Output.
    pub output: Option<Output<'e>>,
}

impl Event<'_> {
    /// Returns the event as JSON.
    pub fn to_json(&self) -> Value {
        let kind = match &self.moment {
            Moment::Start => "START",
            Moment::Complete => "COMPLETE",
            Moment::Fail(_) => "FAIL",
        };
        json!({
            "eventType": kind,
            "eventTime": self.at.to_string(),
            "producer": producer(),
            "schemaURL": SCHEMA,
            "run": { "runId": self.run, "facets": self.run_facets() },
            "job": { "namespace": self.job.namespace, "name": self.job.name, "facets": job_facets(self.date.is_some()) },
            "inputs": self.input.iter().map(Input::to_json).collect::<Vec<_>>(),
            "outputs": self.output.iter().map(Output::to_json).collect::<Vec<_>>(),
        })
    }

    fn run_facets(&self) -> Map<String, Value> {
        let version = env!("CARGO_PKG_VERSION");
        let engine = json!({ "name": "adg", "version": version, "openlineageAdapterVersion": version });
        // A day is a day of the source's calendar: no zone moves it.
        let begin = |date: ProcessingDate| format!("{}Z", date.begin());
        let day = |date: ProcessingDate| json!({ "nominalStartTime": begin(date), "nominalEndTime": begin(date.next()) });
        let reason = match &self.moment {
            Moment::Fail(reason) => Some(json!({ "message": reason, "programmingLanguage": "RUST" })),
            _ => None,
        };
        facets([
            ("processing_engine", Some(facet("ProcessingEngineRunFacet", "1-1-1", engine))),
            ("nominalTime", self.date.map(|date| facet("NominalTimeRunFacet", "1-0-1", day(date)))),
            ("parent", self.parent.map(Parent::facet)),
            ("errorMessage", reason.map(|reason| facet("ErrorMessageRunFacet", "1-0-1", reason))),
        ])
    }
}

fn job_facets(of_a_date: bool) -> Map<String, Value> {
    let kind = json!({ "processingType": "BATCH", "integration": "ADG", "jobType": if of_a_date { "TASK" } else { "JOB" } });
    facets([("jobType", Some(facet("JobTypeJobFacet", "2-0-3", kind)))])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scheduler_says_of_what_a_run_is_a_part() {
        let parent = Parent::parse("airflow/nightly.adg/018f0000-0000-7000-8000-000000000000").unwrap();
        assert_eq!((&*parent.job.namespace, &*parent.job.name), ("airflow", "nightly.adg"));
        let parent = Parent::parse("arn:aws/prod/nightly/018f0000-0000-7000-8000-000000000000").unwrap();
        assert_eq!((&*parent.job.namespace, &*parent.job.name), ("arn:aws/prod", "nightly"));
        for wrong in ["", "a/b", "a/b/c", "018f0000-0000-7000-8000-000000000000"] {
            assert_eq!(Parent::parse(wrong), None, "{wrong}");
        }
    }
}
