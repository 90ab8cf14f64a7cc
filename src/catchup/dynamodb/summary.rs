//! The summary line for other readers, and the takeover from the job that wrote it last.

use aws_sdk_dynamodb::types::{AttributeValue, TransactWriteItem, Update};
use serde::{Deserialize, Serialize};

use crate::identity::{JobName, ProcessingDate};

use super::DynamoDbLedger;
use super::items::{DayItem, Key};
use super::requests::Item;
use crate::catchup::stored::parsed;
use crate::catchup::{Continued, JobSummaries, Lease, LedgerError, Status, Summary, SummaryKey};

/// The attributes of the line that adg reads; others stay unchanged. They are read leniently: people and other tools write
/// numbers as texts and omit statuses.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    date: String,
    run: u64,
    status: String,
}

/// The record that adg keeps of the line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Written {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    /// Module that owns the line.
    module: String,
    /// Mark of the line as adg wrote it, or took it over, last. If the line's mark differs now, another job has gone on.
    last: Option<String>,
    continues_from: Option<String>,
}

impl Line {
    fn of(item: &Item) -> Self {
        let text = |name: &str| item.get(name).and_then(|value| value.as_s().or_else(|_| value.as_n()).ok()).cloned();
        let run = text("Run_Id").and_then(|run| run.split('.').next()?.trim().parse().ok());
        Self { date: text("Date").unwrap_or_default(), run: run.unwrap_or_default(), status: text("Status").unwrap_or_default() }
    }

    /// Returns a text that distinguishes one write of the line from another.
    fn mark(&self) -> String {
        format!("{} {} {}", self.date, self.run, self.status)
    }

    /// Returns the date that the line's writer would do next: a status that is not Completed means that the date is tried again.
    fn next(&self, key: &SummaryKey) -> Result<ProcessingDate, String> {
        let SummaryKey { correlation_id, data_product } = key;
        let date: ProcessingDate = self
            .date
            .trim()
            .parse()
            .map_err(|_| format!("the Date `{}` in the item {correlation_id}, {data_product}", self.date))?;
        Ok(if self.status.trim().eq_ignore_ascii_case(Status::Completed.as_str()) { date.plus_days(1) } else { date })
    }
}

/// Reads the line, and adg's record of it. Refuses a line of another module: each of the two would take the other's writes for
/// those of the replaced job.
fn read(ledger: &DynamoDbLedger, job: &JobName, key: &SummaryKey) -> Result<(Option<Line>, Written), LedgerError> {
    const ACTION: &str = "read the summary";
    let line: Option<Item> = ledger.get_item(ACTION, &Key::summary(&key.correlation_id, &key.data_product))?;
    let Key { hash, range } = Key::written(key);
    let written: Option<Written> = ledger.get(ACTION, &Key::written(key))?;
    let owner = job.to_string();
    let written = written.unwrap_or_else(|| Written { hash, range, module: owner.clone(), ..Written::default() });
    if written.module != owner {
        let line = format!("{}, {}", key.correlation_id, key.data_product);
        return Err(LedgerError::Shared { module: job.clone(), other: written.module, line });
    }
    Ok((line.as_ref().map(Line::of), written))
}

/// Returns the line if it differs from adg's last write: another job has gone on.
fn foreign(line: Option<Line>, written: &Written) -> Option<Line> {
    line.filter(|line| written.last.as_ref() != Some(&line.mark()))
}

fn taken_over(ledger: &DynamoDbLedger, written: &Written) -> Result<Option<ProcessingDate>, LedgerError> {
    written.continues_from.as_deref().map(|date| parsed("date", date).map_err(|what| ledger.corrupt(what))).transpose()
}

impl JobSummaries for DynamoDbLedger {
    fn continues_from(&self, job: &JobName, key: &SummaryKey) -> Result<Option<Continued>, LedgerError> {
        let (line, written) = read(self, job, key)?;
        Ok(match foreign(line, &written) {
            Some(line) => Some(Continued { first: line.next(key).map_err(|what| self.corrupt(what))?, again: true }),
            None => taken_over(self, &written)?.map(|first| Continued { first, again: false }),
        })
    }

    fn take_over(&self, lease: &Lease, job: &JobName, key: &SummaryKey) -> Result<Option<ProcessingDate>, LedgerError> {
        let (line, mut written) = read(self, job, key)?;
        if let Some(line) = foreign(line, &written) {
            let next = line.next(key).map_err(|what| self.corrupt(what))?;
            to_be_done_again(self, lease, job, next)?;
            written.last = Some(line.mark());
            written.continues_from = Some(next.to_string());
            tracing::info!(
                event = "ledger_taken_over", module = %job, last = line.mark(), continues_from = %next,
                "continuing after the last date of the replaced job"
            );
            self.fenced("take the ledger over", lease, vec![self.put(&written)?])?;
        }
        taken_over(self, &written)
    }

    fn summarise(&self, lease: &Lease, job: &JobName, key: &SummaryKey, summary: Summary) -> Result<(), LedgerError> {
        let (line, mut written) = read(self, job, key)?;
        let (date, status) = (summary.date.to_string(), summary.status.to_string());
        let is_same = line.as_ref().is_some_and(|line| line.date == date && line.status == status);
        if is_same && summary.status != Status::InProgress {
            return Ok(());
        }
        let last = line.map_or(0, |line| line.run);
        // As the replaced job counts: each beginning is a run of its own.
        let run = if summary.status == Status::InProgress { last + 1 } else { last.max(1) };
        let line = Line { date, run, status };
        written.last = Some(line.mark());
        self.fenced("write the summary", lease, vec![update(self, key, &line)?, self.put(&written)?])
    }
}

/// Marks the dates from `next` on as Failed, so that they are done again: adg did them before the other job went on. This is
/// written before the line counts as taken over, so that a run killed in between repeats it.
fn to_be_done_again(ledger: &DynamoDbLedger, lease: &Lease, job: &JobName, next: ProcessingDate) -> Result<(), LedgerError> {
    const ACTION: &str = "take the ledger over";
    let days: Vec<DayItem> = ledger.below(ACTION, &Key::days(job))?;
    let is_again = |day: &DayItem| day.day.parse::<ProcessingDate>().is_ok_and(|date| date >= next);
    let again: Vec<DayItem> = days.into_iter().filter(is_again).map(DayItem::failed).collect();
    // DynamoDB takes 100 items in a transaction, the lease among them.
    for some in again.chunks(90) {
        let puts = some.iter().map(|day| ledger.put(day)).collect::<Result<Vec<_>, _>>()?;
        ledger.fenced(ACTION, lease, puts)?;
    }
    Ok(())
}

/// Returns an update of the three attributes of the replaced job, which leaves others unchanged.
fn update(ledger: &DynamoDbLedger, key: &SummaryKey, line: &Line) -> Result<TransactWriteItem, LedgerError> {
    let update = Update::builder()
        .table_name(&ledger.table)
        .set_key(Some(ledger.item(&Key::summary(&key.correlation_id, &key.data_product))?))
        .update_expression("set #date = :date, #run = :run, #status = :status")
        .expression_attribute_names("#date", "Date")
        .expression_attribute_names("#run", "Run_Id")
        .expression_attribute_names("#status", "Status")
        .expression_attribute_values(":date", AttributeValue::S(line.date.clone()))
        .expression_attribute_values(":run", AttributeValue::N(line.run.to_string()))
        .expression_attribute_values(":status", AttributeValue::S(line.status.clone()))
        .build()
        .map_err(|error| ledger.corrupt(error.to_string()))?;
    Ok(TransactWriteItem::builder().update(update).build())
}
