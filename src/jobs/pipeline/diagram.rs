//! A pipeline as a diagram in Mermaid's notation: <https://mermaid.js.org/syntax/flowchart.html>.

use std::collections::BTreeMap;

use crate::identity::NodeName;
use crate::jobs::run::{Environment, JobError};

use super::checked::{Checked, Relation, Source, SourceFrom};
use super::mode::Mode;

/// Draws the sources, statements and tables of a pipeline, and how rows go from one to the other. No service is asked.
///
/// # Errors
/// The pipeline is invalid.
pub fn diagram(environment: &Environment, pipeline: &str) -> Result<String, JobError> {
    let settings = environment.pipeline(pipeline)?;
    let checked = Checked::new(&settings)?;
    Ok(drawn(&checked))
}

fn drawn(checked: &Checked<'_>) -> String {
    let checks: BTreeMap<&NodeName, usize> = checked.pipeline.checks.iter().map(|(node, checks)| (node, checks.len())).collect();
    let mut text = String::from("flowchart LR");
    let mut line = |drawn: String| {
        text.push_str("\n  ");
        text.push_str(&drawn);
    };
    let told = |name: &NodeName, what: &str| {
        let checked = checks.get(name).map(|count| format!("<br/>checks: {count}")).unwrap_or_default();
        format!("{name}<br/>{}{checked}", escaped(what))
    };
    for source in &checked.sources {
        line(format!("{}[(\"{}\")]", id(&source.name), told(&source.name, &origin(source))));
    }
    for transform in &checked.transforms {
        line(format!("{}[\"{}\"]", id(&transform.name), told(&transform.name, "SQL")));
    }
    for sink in &checked.sinks {
        let what = format!("{} {}", sink.place.key(), sink.place.table());
        line(format!("{}[[\"{}<br/>{}\"]]", id(&sink.name), sink.name, escaped(&what)));
    }
    for transform in &checked.transforms {
        for (alias, node) in &transform.inputs {
            let label = if alias == node.as_str() { String::new() } else { format!("|\"{}\"|", escaped(alias)) };
            line(format!("{} -->{label} {}", id(node), id(&transform.name)));
        }
    }
    for sink in &checked.sinks {
        let mode = match sink.mode {
            Mode::Replace => "replace",
            Mode::Merge(_) => "merge",
            Mode::Append => "append",
        };
        line(format!("{} -->|{mode}| {}", id(&sink.settings.from), id(&sink.name)));
    }
    text
}

/// Returns a name that is no word of the notation, as `end` is.
fn id(name: &NodeName) -> String {
    format!("n_{name}")
}

fn origin(source: &Source) -> String {
    let cursor = source.cursor().map(|cursor| format!(" by {}", cursor.column)).unwrap_or_default();
    match &source.from {
        SourceFrom::Postgres { connection, relation: Relation::Table(table), .. } => format!("{table} at {connection}{cursor}"),
        SourceFrom::Postgres { connection, .. } => format!("a query at {connection}{cursor}"),
        SourceFrom::Table(table) => table.to_string(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pipeline;

    const PIPELINE: &str = r#"
version: 1
pipeline: daily
sources:
  orders: { postgres: { connection: shop, table: '"My Orders"' } }
  end: { table: finance.rates }
transforms:
  enriched: { sql: "select o.*, rate from o join \"end\" using (day)", inputs: { o: orders } }
checks:
  enriched: [ { rows: ">= 1" } ]
sinks:
  lake: { from: enriched, hive: { table: sales.orders }, mode: replace }
  mart: { from: enriched, postgres: { connection: bi, table: mart.orders }, mode: merge, keys: [id], order_by: id }
"#;

    #[test]
    fn a_pipeline_is_drawn_with_each_way_of_its_rows() {
        let pipeline: Pipeline = serde_saphyr::from_str(PIPELINE).unwrap();
        let expected = r#"flowchart LR
  n_orders[("orders<br/>My Orders at shop")]
  n_end[("end<br/>finance.rates")]
  n_enriched["enriched<br/>SQL<br/>checks: 1"]
  n_lake[["lake<br/>hive sales.orders"]]
  n_mart[["mart<br/>postgres mart.orders"]]
  n_end --> n_enriched
  n_orders -->|"o"| n_enriched
  n_enriched -->|replace| n_lake
  n_enriched -->|merge| n_mart"#;
        assert_eq!(drawn(&Checked::new(&pipeline).unwrap()), expected);
    }
}
