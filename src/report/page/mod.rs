//! HTML page on the history of modules over a period. It is self-contained: no script, no font, no picture from anywhere.

mod build;
mod chart;
mod stages;

pub use build::{Each, ModulePage, Page, Published, TableDay, TablePage, ToldChange, ToldFailure, page_html};
pub use stages::{StageTimes, stage_times};
