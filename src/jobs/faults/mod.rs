//! Jobs whose every call to the world passes a gate, where it may be disturbed. Tests only.
//!
//! `matrix` disturbs each call of a job in each way there is; `simulation` lets runs, admins and the world disturb each other by
//! the throw of a seed. Both ask the same `readers` what is seen, after every effect.

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
