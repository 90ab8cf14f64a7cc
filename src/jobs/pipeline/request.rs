//! Request to run a pipeline.

use bytesize::ByteSize;

/// A request to run a pipeline, or to plan its run.
#[derive(Debug, Clone)]
pub struct PipelineRequest {
    /// Name of the pipeline.
    pub pipeline: String,
    /// Memory limit.
    pub memory: ByteSize,
    /// Command that runs the pipeline again.
    pub rerun: String,
}
