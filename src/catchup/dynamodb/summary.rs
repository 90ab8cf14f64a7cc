//! The line that other readers read, and taking over from whoever wrote it last.

use serde::{Deserialize, Serialize};

use crate::identity::ProcessingDate;

use super::super::stored::parsed;
use super::super::{Lease, LedgerError, Status, Summary, SummaryKey};
use super::DynamoDbLedger;
use super::items::{DayItem, Key};

/// The line as the replaced job writes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    #[serde(rename = "Date")]
    date: String,
    #[serde(rename = "Run_Id", default)]
    run: u64,
    #[serde(rename = "Status")]
    status: String,
}

/// What adg knows of the line.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Written {
    #[serde(rename = "Correlation_Id")]
    hash: String,
    #[serde(rename = "DataProduct")]
    range: String,
    /// As adg wrote it, or took it over, last: where it is another now, somebody else went on.
    last: Option<String>,
    continues_from: Option<String>,
}

impl Line {
    /// What tells one writing from another.
    fn mark(&self) -> String {
        format!("{} {} {}", self.date, self.run, self.status)
    }

    /// The date that whoever wrote it would do next: a status that is not Completed means that the date is tried again.
    fn next(&self) -> Result<ProcessingDate, String> {
        let date: ProcessingDate = parsed("date of a summary", &self.date)?;
        Ok(if self.status.eq_ignore_ascii_case(Status::Completed.as_str()) { date.plus_days(1) } else { date })
    }
}

fn read(ledger: &DynamoDbLedger, lease: &Lease, key: &SummaryKey) -> Result<(Option<Line>, Written), LedgerError> {
    const ACTION: &str = "read the summary";
    let line = ledger.get(ACTION, &Key::summary(&key.correlation_id, &key.data_product))?;
    let written: Option<Written> = ledger.get(ACTION, &Key::written(&lease.module))?;
    let Key { hash, range } = Key::written(&lease.module);
    Ok((line, written.unwrap_or_else(|| Written { hash, range, ..Written::default() })))
}

pub(super) fn continues_from(
    ledger: &DynamoDbLedger,
    lease: &Lease,
    key: &SummaryKey,
) -> Result<Option<ProcessingDate>, LedgerError> {
    let corrupt = |what| ledger.corrupt(what);
    let (line, mut written) = read(ledger, lease, key)?;
    if let Some(line) = line.filter(|line| written.last.as_ref() != Some(&line.mark())) {
        let next = line.next().map_err(corrupt)?;
        to_be_done_again(ledger, lease, next)?;
        written.last = Some(line.mark());
        written.continues_from = Some(next.to_string());
        tracing::info!(event = "ledger_taken_over", module = %lease.module, last = line.mark(), continues_from = %next);
        ledger.fenced("take the ledger over", lease, vec![ledger.put(&written)?])?;
    }
    written.continues_from.as_deref().map(|date| parsed("date", date).map_err(corrupt)).transpose()
}

/// What adg did before somebody else went on: from the date on that is next after them, it is not done. Told before the line
/// counts as taken over: killed in between, it is told again.
fn to_be_done_again(ledger: &DynamoDbLedger, lease: &Lease, next: ProcessingDate) -> Result<(), LedgerError> {
    const ACTION: &str = "take the ledger over";
    let days: Vec<DayItem> = ledger.below(ACTION, &Key::days(&lease.module))?;
    let next = next.to_string();
    let again: Vec<DayItem> = days.into_iter().filter(|day| day.day >= next).map(DayItem::failed).collect();
    // DynamoDB takes 100 items in a transaction, the lease among them.
    for some in again.chunks(90) {
        let puts = some.iter().map(|day| ledger.put(day)).collect::<Result<Vec<_>, _>>()?;
        ledger.fenced(ACTION, lease, puts)?;
    }
    Ok(())
}

pub(super) fn write(ledger: &DynamoDbLedger, lease: &Lease, key: &SummaryKey, told: Summary) -> Result<(), LedgerError> {
    let (line, mut written) = read(ledger, lease, key)?;
    let (date, status) = (told.date.to_string(), told.status.to_string());
    if line.as_ref().is_some_and(|line| line.date == date && line.status == status) && told.status != Status::InProgress {
        return Ok(());
    }
    let last = line.map_or(0, |line| line.run);
    // As the replaced job counts: each beginning is a run of its own.
    let run = if told.status == Status::InProgress { last + 1 } else { last.max(1) };
    let Key { hash, range } = Key::summary(&key.correlation_id, &key.data_product);
    let line = Line { hash, range, date, run, status };
    written.last = Some(line.mark());
    ledger.fenced("write the summary", lease, vec![ledger.put(&line)?, ledger.put(&written)?])
}
