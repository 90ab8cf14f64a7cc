//! What became of modules over a time, as one HTML page that needs nothing else: no script, no font, no picture from anywhere.

mod build;
mod chart;
mod stages;

pub use build::{Each, ModulePage, Page, Published, TableDay, TablePage, ToldChange, ToldFailure, page_html};
pub use stages::{StageTimes, stage_times};
