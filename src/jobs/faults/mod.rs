//! Fault injection for tests: every call of a job to the world passes a gate, where it may be disturbed.
//!
//! `matrix` disturbs each call of a job in each possible way; `simulation` lets runs, admins and the world disturb each other by
//! a random seed. After every effect both check the files that the same `readers` see.

mod call;
mod disk;
mod hands;
mod ledger;
mod matrix;
mod metastore;
mod objects;
mod people;
mod readers;
mod rows;
mod schedule;
mod simulation;
mod stories;
mod world;
