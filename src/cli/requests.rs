//! Requests to jobs, from flags and environment variables.

use std::path::Path;
use std::sync::Arc;

use crate::catchup::{Requested, Shard, ShardError};
use crate::config::{ColumnTypeWord, SparkRemote};
use crate::identity::{CollectionName, LoadType};
use crate::jobs::{
    self, ExtraColumn, Generate, HistoryRequest, IngestRequest, JobError, NextCommands, PipelineRequest, RunOptions, Scope,
};
use crate::report::Asked;
use crate::schema::ColumnName;

use super::args::{EnvironmentArgs, PastArgs, RunArgs};
use super::command_line::CommandLine;
use super::environment::{config_file, env, given};
use super::given::Env;
use super::making_args::GenerateArgs;
use super::memory::{DEFAULT_MEMORY, memory, usage};
use super::pipeline_args::PipelineArgs;

/// Returns a module's name without blanks around it, in lower case.
pub(super) fn module_name(text: &str) -> String {
    text.trim().to_lowercase()
}

/// Returns the request of a plan file. Dates and flags from the environment do not count.
fn planned_request(file: &Path, args: &RunArgs, environment: &EnvironmentArgs) -> Result<IngestRequest, JobError> {
    let plan = jobs::read_plan(file)?;
    let Asked { load, start, end, shard, collections, clean_up, force_clean_up, incomplete, e2e_test } = plan.asked.clone();
    let job = plan.module.to_string();
    let commands = CommandLine::of(&job, load, environment).with(flags(e2e_test, shard, args));
    let options = RunOptions {
        clean_up,
        force_clean_up,
        incomplete,
        e2e_test,
        memory: memory(&args.memory)?,
        engine: args.engine,
        spark_remote: args.spark_remote.clone().map(SparkRemote::from),
        plan: Some(plan),
    };
    let scope = Scope { job, load, dates: Requested { start, end }, shard, collections };
    Ok(IngestRequest { scope, options, commands: Arc::new(commands) })
}

/// Returns the request of a run, a plan or a verification. The test flag is refused before anything else is read.
pub(super) fn ingest_request(args: &RunArgs, environment: &EnvironmentArgs) -> Result<IngestRequest, JobError> {
    let request = match &args.plan {
        Some(file) => planned_request(file, args, environment)?,
        None => given_request(args, environment)?,
    };
    if request.options.e2e_test {
        let (file, profile) = config_file(environment);
        jobs::refuse_test_flag_where_protected(&file, profile.as_deref())?;
    }
    Ok(request)
}

fn given_request(args: &RunArgs, environment: &EnvironmentArgs) -> Result<IngestRequest, JobError> {
    let module = module_name(args.module.as_deref().unwrap_or_default());
    if module.is_empty() {
        return Err(JobError::Usage {
            message: "--module is blank".into(),
            hint: Some("name the module to run: --module vacancy".into()),
        });
    }
    let memory = memory(&args.memory)?;
    let e2e_test = given("--e2e-test-flg", "E2E_TEST_FLG").truth(args.e2e_test_flg.as_deref())?;
    let clean_up = given("--clean-up-flg", "CLEAN_UP_FLG").truth(args.clean_up_flg.as_deref())?;
    let shard = args.shard.as_deref().map(|text| shard(text, &env)).transpose()?;
    if let Some(shard) = shard.filter(|_| clean_up) {
        return Err(JobError::Usage {
            message: format!("the shard {shard} can't clean up: that is done to all dates at once"),
            hint: Some("leave out --clean-up-flg and give --start-dt: dates by name are built anew, done or not".into()),
        });
    }
    let dates = Requested {
        start: given("--start-dt", "START_DT").date(args.start_dt.as_deref())?,
        end: given("--end-dt", "END_DT").date(args.end_dt.as_deref())?,
    };
    let commands = CommandLine::of(&module, args.load_type, environment).with(flags(e2e_test, shard, args));
    let options = RunOptions {
        clean_up,
        force_clean_up: args.force_clean_up,
        incomplete: args.incomplete,
        e2e_test,
        memory,
        engine: args.engine,
        spark_remote: args.spark_remote.clone().map(SparkRemote::from),
        plan: None,
    };
    let scope = Scope { job: module, load: args.load_type, dates, shard, collections: args.collection.clone() };
    Ok(IngestRequest { scope, options, commands: Arc::new(commands) })
}

/// Returns the published dates of a module that a command inspects, rolls back or repairs.
pub(super) fn past_scope(module: &str, past: &PastArgs) -> Scope {
    Scope {
        job: module_name(module),
        load: past.load_type,
        dates: Requested { start: past.start_dt, end: past.end_dt },
        shard: None,
        collections: past.collection.clone(),
    }
}

/// Returns the commands that a report about a module suggests.
pub(super) fn next_commands(module: &str, load: LoadType, environment: &EnvironmentArgs) -> Arc<dyn NextCommands> {
    Arc::new(CommandLine::of(&module_name(module), load, environment))
}

/// Returns the request for the history of the given dates of a module, or of the last `days`.
pub(super) fn history_request(module: &str, past: &PastArgs, days: u32, environment: &EnvironmentArgs) -> HistoryRequest {
    HistoryRequest { scope: past_scope(module, past), days, commands: next_commands(module, past.load_type, environment) }
}

/// Variables in which platforms of array jobs give a task's number, counted from 0.
const TASK_INDEX: [&str; 3] = ["AWS_BATCH_JOB_ARRAY_INDEX", "JOB_COMPLETION_INDEX", "CLOUD_RUN_TASK_INDEX"];

fn shard(text: &str, env: Env<'_>) -> Result<Shard, JobError> {
    let wrong = |message: String| JobError::Usage { message: format!("--shard: {message}"), hint: None };
    let Some(of) = text.trim().strip_prefix("auto/") else {
        return text.parse().map_err(|error: ShardError| wrong(error.to_string()));
    };
    let index = TASK_INDEX.iter().find_map(|name| env(name)?.trim().parse::<u16>().ok());
    let index = index.ok_or_else(|| wrong(format!("`{text}` needs the task's number in one of {}", TASK_INDEX.join(", "))))?;
    format!("{}/{of}", index.saturating_add(1)).parse().map_err(|error: ShardError| wrong(error.to_string()))
}

/// Returns the flags of a run that hold for its reruns too. Variables of the environment are written out: the command may be
/// typed in another shell, or in this one.
fn flags(e2e_test: bool, shard: Option<Shard>, args: &RunArgs) -> Vec<String> {
    let mut flags = Vec::new();
    if e2e_test || env("E2E_TEST_FLG").is_some() {
        flags.extend(["--e2e-test-flg".to_owned(), e2e_test.to_string()]);
    }
    if env("CLEAN_UP_FLG").is_some() {
        flags.extend(["--clean-up-flg".to_owned(), "false".to_owned()]);
    }
    if let Some(shard) = shard {
        flags.extend(["--shard".to_owned(), shard.to_string()]);
    }
    if args.memory != DEFAULT_MEMORY {
        flags.extend(["--memory".to_owned(), args.memory.clone()]);
    }
    if let Some(engine) = args.engine {
        flags.extend(["--engine".to_owned(), engine.to_string()]);
    }
    // Who runs it again has to have the token, as here.
    if let Some(remote) = &args.spark_remote {
        flags.extend(["--spark-remote".to_owned(), SparkRemote::from(remote.clone()).to_string()]);
    }
    flags
}

/// Returns the request for a run of a pipeline.
pub(super) fn pipeline_request(args: &PipelineArgs, environment: &EnvironmentArgs) -> Result<PipelineRequest, JobError> {
    let pipeline = module_name(&args.name);
    let rerun = CommandLine::of_pipeline(&pipeline, &args.memory, environment);
    Ok(PipelineRequest { pipeline, memory: memory(&args.memory)?, rerun })
}

/// Returns the request for test files.
pub(super) fn generate_request(args: &GenerateArgs) -> Result<Generate, JobError> {
    let add = args.add_column.iter().map(|text| {
        let wrong = |reason: &str| usage("--add-column", text, reason);
        let (place, word) = text.split_once('=').ok_or_else(|| wrong("write COLLECTION.COLUMN=TYPE"))?;
        let (collection, name) = column_place("--add-column", place)?;
        let ty = word.parse().map_err(|error: crate::schema::TypeError| wrong(&error.to_string()))?;
        Ok(ExtraColumn { collection, name, word: ColumnTypeWord { word: word.to_owned(), ty } })
    });
    Ok(Generate {
        module: module_name(&args.module),
        load: args.load_type,
        files: args.files,
        gzip: args.gzip,
        date: args.date,
        rows: args.rows,
        seed: args.seed,
        bad_values: args.bad_values,
        add: add.collect::<Result<_, JobError>>()?,
        drop: args.drop_column.iter().map(|place| column_place("--drop-column", place)).collect::<Result<_, _>>()?,
    })
}

fn column_place(flag: &str, text: &str) -> Result<(CollectionName, ColumnName), JobError> {
    let (collection, column) = text.split_once('.').ok_or_else(|| usage(flag, text, "write COLLECTION.COLUMN"))?;
    let collection = collection.parse().map_err(|error: crate::identity::NameError| usage(flag, text, &error.to_string()))?;
    let column = ColumnName::new(column).map_err(|error| usage(flag, text, &error.to_string()))?;
    Ok((collection, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_of_an_array_job_finds_its_shard() {
        let batch = |name: &str| (name == "AWS_BATCH_JOB_ARRAY_INDEX").then(|| "2".to_owned());
        let nothing = |_: &str| None;
        assert_eq!(shard("auto/8", &batch).unwrap().to_string(), "3/8");
        assert_eq!(shard("8/8", &batch).unwrap().to_string(), "8/8");
        assert!(shard("auto/2", &batch).unwrap_err().to_string().contains("`3/2` is no share"));
        assert!(shard("auto/8", &nothing).unwrap_err().to_string().contains("JOB_COMPLETION_INDEX"));
    }
}
