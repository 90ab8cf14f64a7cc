//! Diagnosis of a run without running it: checks each step, and says what to do if one fails.

mod probe;
mod readers;
mod services;
mod stores;
mod walk;

pub use walk::{Diagnosis, DoctorRequest, Finding, doctor};
