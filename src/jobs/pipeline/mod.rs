//! Pipelines: sources, SQL over them, and the tables that become of it. Begin with [`job`].

mod check;
mod checked;
mod checks;
mod connection;
mod cursor;
mod diagram;
mod engines;
mod graph;
mod history;
mod incremental;
mod job;
mod mode;
mod newest;
mod open_place;
mod place;
mod plan;
mod prepared;
mod range;
mod read;
mod request;
mod sink;
mod sources;
mod staging;
mod target;
mod undo;
mod work;
mod wrong;

pub use diagram::diagram;
pub use history::history;
pub use job::pipeline;
pub use plan::plan;
pub use request::PipelineRequest;
pub use undo::undo;
