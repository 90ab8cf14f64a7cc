//! Choice of the engine that loads a collection's day.

use bytesize::ByteSize;

use crate::config::{EngineName, SparkSettings, StagedFiles, StagingSettings};
use crate::stop::Stop;

use super::{Engine, EngineError, Local};

/// The configured engine and cluster; the engine of a day follows from the size of its files.
#[derive(Debug, Clone)]
pub struct Choice {
    engine: EngineName,
    spark: Option<SparkSettings>,
}

impl Choice {
    /// # Errors
    /// The engine is not local, and no server is configured or this adg was built without Spark.
    pub fn new(engine: EngineName, spark: Option<SparkSettings>) -> Result<Self, EngineError> {
        match (engine, &spark) {
            (EngineName::Local, _) => {}
            _ if cfg!(not(feature = "spark")) => return Err(EngineError::NotBuilt),
            (_, None) => return Err(EngineError::NoServer),
            (_, Some(_)) => {}
        }
        Ok(Self { engine, spark })
    }

    /// Returns the choice for rows that only this machine can write; none if a cluster was asked for.
    pub fn of_this_machine(self) -> Option<Self> {
        (self.engine != EngineName::Spark).then_some(Self { engine: EngineName::Local, spark: None })
    }

    /// Returns the cluster that reads so many bytes; none if this machine reads them.
    pub fn cluster(&self, bytes: u64) -> Option<&SparkSettings> {
        let spark = self.spark.as_ref()?;
        let is_large = ByteSize(bytes) >= spark.from;
        (self.engine == EngineName::Spark || (self.engine == EngineName::Auto && is_large)).then_some(spark)
    }

    /// Returns a note for people if a cluster reads so many bytes.
    pub fn note(&self, bytes: u64) -> Option<String> {
        let spark = self.cluster(bytes)?;
        let why = match self.engine {
            EngineName::Auto => format!(": {} are not less than {}", ByteSize(bytes), spark.from),
            _ => String::new(),
        };
        let copies = match &spark.staging {
            Some(StagingSettings { store, files: StagedFiles::All }) => format!(", from copies in the store `{store}`"),
            _ => String::new(),
        };
        Some(format!("to be read and written by Spark at {}{copies}{why}", spark.remote))
    }
}

/// Requests the version of the server that `choice` may use; none if this machine reads all days.
#[cfg_attr(not(feature = "spark"), expect(unused_variables, reason = "only a server is asked"))]
pub fn try_server(choice: &Choice, stop: &Stop) -> Option<Result<String, EngineError>> {
    match choice.cluster(u64::MAX) {
        #[cfg(feature = "spark")]
        Some(spark) => Some(super::spark::version(spark, stop)),
        _ => None,
    }
}

/// Returns the engine that loads so many bytes.
pub fn choose(choice: &Choice, bytes: u64) -> Box<dyn Engine> {
    match choice.cluster(bytes) {
        #[cfg(feature = "spark")]
        Some(spark) => Box::new(super::spark::Spark::new(spark.clone())),
        _ => Box::new(Local),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SparkRemote;

    fn choice(engine: EngineName) -> Choice {
        Choice { engine, spark: Some(SparkSettings::at(SparkRemote::from("sc://host:15002".to_owned()))) }
    }

    #[test]
    fn large_days_are_the_clusters_where_nobody_says_otherwise() {
        let large = ByteSize::gib(16).0;
        let is_clusters = |engine, bytes| choice(engine).cluster(bytes).is_some();
        assert_eq!([large - 1, large].map(|bytes| is_clusters(EngineName::Auto, bytes)), [false, true]);
        assert!(!is_clusters(EngineName::Local, large) && is_clusters(EngineName::Spark, 1));
        let note = choice(EngineName::Auto).note(large).unwrap();
        assert_eq!(note, "to be read and written by Spark at sc://host:15002: 16.0 GiB are not less than 16.0 GiB");
    }

    #[test]
    fn a_plan_says_that_all_files_will_be_copied() {
        let mut choice = choice(EngineName::Spark);
        let copied = |choice: &Choice| choice.note(1).unwrap().contains(", from copies in the store `copies`");
        for (files, is_told) in [(StagedFiles::All, true), (StagedFiles::Unreadable, false)] {
            choice.spark.as_mut().unwrap().staging = Some(StagingSettings { store: "copies".to_owned(), files });
            assert_eq!(copied(&choice), is_told);
        }
    }

    #[test]
    fn a_cluster_that_nobody_names_is_refused() {
        assert!(Choice::new(EngineName::Local, None).is_ok());
        let refused = Choice::new(EngineName::Auto, None).unwrap_err().to_string();
        assert!(
            refused.contains(if cfg!(feature = "spark") { "nothing says where" } else { "without Spark Connect" }),
            "{refused}"
        );
    }
}
