//! The whole way of a run, walked without running it: each step checked, and what to do where one fails.

mod probe;
mod readers;
mod services;
mod stores;
mod walk;

pub use walk::{Diagnosis, DoctorRequest, Finding, doctor};
