//! A source, a warehouse, a clock, and processes that run the job there.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path as FilePath, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::TryStreamExt;
use futures::executor::block_on;
use jiff::{SignedDuration, Timestamp};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};

use crate::catchup::{Requested, SqliteLedger};
use crate::identity::{Clock, CollectionName, ProcessingDate, RunId};
use crate::jobs::run::StoreSeam;
use crate::jobs::{Environment, IngestRequest, JobError, NextCommands, RunOptions, Scope, Services, ingest};
use crate::metastore::SqliteMetastore;
use crate::report::{NoProgress, RunReport};
use crate::store::{Disk, Store, StoreUrl};

use super::call::Process;
use super::disk::GatedDisk;
use super::ledger::GatedLedger;
use super::metastore::GatedMetastore;
use super::objects::GatedObjects;
use super::people::channel;
use super::rows;

/// Kind of the stores.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Folders of this machine.
    Folder,
    /// Buckets, which are used as S3's are.
    Bucket,
}

/// The first date that counts.
pub(super) const FIRST: &str = "2024-05-01";
pub(super) const COLLECTIONS: [&str; 2] = ["items", "orders"];
/// Retention of replaced files, in hours.
pub(super) const RETENTION: i64 = 48;
/// Bytes of an upload part: small, so that files of a few rows are sent in several parts.
const PART_BYTES: usize = 512;

/// A clock that advances one millisecond whenever it is read, and otherwise as the test says.
#[derive(Debug)]
pub(super) struct Ticking(AtomicI64);

impl Ticking {
    pub(super) fn advance(&self, by: SignedDuration) {
        self.0.fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }
}

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        Timestamp::from_millisecond(self.0.fetch_add(1, Ordering::SeqCst)).unwrap()
    }
}

type Generations = BTreeMap<(CollectionName, ProcessingDate), Vec<u32>>;

/// The whole world of a test: stores, databases, clock and source.
pub(super) struct World {
    folder: tempfile::TempDir,
    place: Place,
    part_bytes: usize,
    in_one_step: bool,
    pub clock: Arc<Ticking>,
    stores: BTreeMap<&'static str, Arc<dyn ObjectStore>>,
    /// Generations that the source has delivered for each date, the newest last.
    pub generations: Mutex<Generations>,
    /// Dates whose files the source has deleted.
    pub lost: Mutex<BTreeSet<ProcessingDate>>,
}

fn environments(place: Place) -> String {
    let (source, published, aws) = match place {
        Place::Folder => ("source", "warehouse", ""),
        // Nothing is ever asked of that address.
        Place::Bucket => ("s3://source", "s3://warehouse", "    aws: { region: eu-west-2, endpoint: \"http://127.0.0.1:9\" }\n"),
    };
    format!(
        "version: 1\nprofile: local\nprofiles:\n  local:\n{aws}    stores: {{ source: {{ url: \"{source}\" }}, published: {{ \
            url: \"{published}\" }} }}
    metastore: {{ sqlite: {{ path: metastore.db }} }}\n    ledger: {{ sqlite: {{ path: ledger.db }} }}\n    \
             scratch: scratch\n    reports: reports\n"
    )
}

/// Name of the partition column in worlds with a partition for each day of the rows.
pub(super) const DAY: &str = "day";

/// The module's file; `target` are further settings of its tables.
fn module(target: &str) -> String {
    let collections = COLLECTIONS.map(|name| format!("  {name}: {{ columns: {} }}\n", rows::COLUMNS)).concat();
    format!(
        "version: 1\nmodule: shop\nsource: {{ files: \"{{date}}_{{collection}}_{{epoch_ms}}.csv\", missing: fail }}\nlimits: \
            {{ error_rate: 1, quarantine_rate: 1 }}
catchup: {{ start: {FIRST} }}\ntarget: {{ database: test, sweep_after_hours: {RETENTION}{target} }}\ncollections:\n{collections}"
    )
}

impl World {
    /// Creates a world without files at five in the morning of the first date that counts. `in_parts`: files are sent in several
    /// parts; `in_one_step`: the metastore checks the fence and publishes in one step.
    pub(super) fn new(place: Place, in_parts: bool, in_one_step: bool) -> Arc<Self> {
        // The databases wait for the disk after each change, which in memory costs nothing.
        let memory = FilePath::new("/dev/shm");
        let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }.unwrap();
        std::fs::create_dir(folder.path().join("modules")).unwrap();
        std::fs::write(folder.path().join("adg.yaml"), environments(place)).unwrap();
        std::fs::write(folder.path().join("modules/shop.yaml"), module("")).unwrap();
        let store = |name: &'static str, folder_name: &str| -> (&'static str, Arc<dyn ObjectStore>) {
            let path = folder.path().join(folder_name);
            std::fs::create_dir(&path).unwrap();
            match place {
                Place::Folder => (name, Arc::new(LocalFileSystem::new_with_prefix(path).unwrap())),
                Place::Bucket => (name, Arc::new(InMemory::new())),
            }
        };
        let stores = BTreeMap::from([store("source", "source"), store("published", "warehouse")]);
        let morning: Timestamp = format!("{FIRST}T05:00:00Z").parse().unwrap();
        let clock = Arc::new(Ticking(morning.as_millisecond().into()));
        let part_bytes = if in_parts { PART_BYTES } else { usize::MAX >> 1 };
        Arc::new(Self {
            folder,
            place,
            part_bytes,
            in_one_step,
            clock,
            stores,
            generations: Mutex::default(),
            lost: Mutex::default(),
        })
    }

    /// Has the tables partitioned by the day of each row, too.
    pub(super) fn by_day(&self) {
        let target = format!(", partition_from: {{ {DAY}: at }}");
        std::fs::write(self.path("modules/shop.yaml"), module(&target)).unwrap();
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Saves the state of the world. Nobody may have the databases open.
    pub(super) fn keep(&self) -> Kept {
        let read = |path: PathBuf| (path.strip_prefix(self.folder.path()).unwrap().to_owned(), std::fs::read(&path).unwrap());
        let all = |(name, store): (&&'static str, &Arc<dyn ObjectStore>)| (*name, objects(&**store));
        Kept {
            now: self.clock.0.load(Ordering::SeqCst),
            files: files(self.folder.path()).into_iter().map(read).collect(),
            objects: self.stores.iter().filter(|_| self.place == Place::Bucket).map(all).collect(),
        }
    }

    /// Restores a saved state. Callers that had the databases open must open them again.
    pub(super) fn back_to(&self, kept: &Kept) {
        self.clock.0.store(kept.now, Ordering::SeqCst);
        for name in ["scratch", "warehouse", "reports"] {
            let _ = std::fs::remove_dir_all(self.path(name));
        }
        for file in files(self.folder.path()) {
            std::fs::remove_file(file).unwrap();
        }
        std::fs::create_dir_all(self.path("warehouse")).unwrap();
        for (file, content) in &kept.files {
            std::fs::create_dir_all(self.folder.path().join(file).parent().unwrap()).unwrap();
            std::fs::write(self.folder.path().join(file), content).unwrap();
        }
        for (name, wanted) in &kept.objects {
            let store = &self.stores[name];
            for key in objects(&**store).into_keys() {
                block_on(store.delete(&key)).unwrap();
            }
            for (key, content) in wanted {
                block_on(store.put(key, content.clone().into())).unwrap();
            }
        }
    }

    /// Delivers a new source file of a date.
    pub(super) fn land(&self, collection: &str, date: ProcessingDate) {
        let mut all = self.generations.lock().unwrap();
        let generations = all.entry((collection.parse().unwrap(), date)).or_default();
        let next = u32::try_from(generations.len()).unwrap();
        generations.push(next);
        let key = Path::from(format!("{date}_{collection}_{}.csv", 1_700_000_000_000_u64 + u64::from(next)));
        block_on(self.stores["source"].put(&key, rows::file(next).into())).unwrap();
    }

    /// Deletes all source files of a date.
    pub(super) fn lose(&self, date: ProcessingDate) {
        self.lost.lock().unwrap().insert(date);
        for key in objects(&*self.stores["source"]).into_keys().filter(|key| key.as_ref().starts_with(&date.to_string())) {
            block_on(self.stores["source"].delete(&key)).unwrap();
        }
    }

    /// Returns the published files below a prefix: their names, relative to the store, and sizes.
    pub(super) fn published(&self, prefix: &str) -> BTreeMap<String, u64> {
        let listed = self.stores["published"].list(Some(&Path::from(prefix)).filter(|path| !path.as_ref().is_empty()));
        let found: Vec<_> = block_on(listed.try_collect()).unwrap();
        found.into_iter().map(|object| (object.location.to_string(), object.size)).collect()
    }

    /// Returns the bytes of a published file.
    pub(super) fn get(&self, key: &str) -> Bytes {
        block_on(async { self.stores["published"].get(&Path::from(key)).await.unwrap().bytes().await.unwrap() })
    }

    /// Returns the key of a location in the published store.
    pub(super) fn key_at(&self, location: &str) -> String {
        let root = match self.place {
            Place::Folder => format!("file://{}/", self.path("warehouse").display()),
            Place::Bucket => "s3://warehouse/".to_owned(),
        };
        location.strip_prefix(&root).unwrap_or_else(|| panic!("{location} is not in {root}")).trim_end_matches('/').to_owned()
    }

    /// Returns leftovers on the local disk: scratch files and unfinished writes, which a run should have deleted.
    pub(super) fn left_behind(&self) -> Vec<PathBuf> {
        let mut found = files(&self.path("scratch"));
        // How the local store names a write that is not finished.
        found.extend(files(&self.path("warehouse")).into_iter().filter(|file| file.to_string_lossy().contains('#')));
        found
    }

    /// Opens the metastore without the gate.
    pub(super) fn metastore(&self) -> SqliteMetastore {
        SqliteMetastore::open(&self.path("metastore.db")).unwrap()
    }

    /// Opens the ledger without the gate.
    pub(super) fn ledger(&self) -> SqliteLedger {
        SqliteLedger::open(&self.path("ledger.db")).unwrap()
    }

    /// Returns the services of a process, behind its gate.
    pub(super) fn services(&self, process: &Process) -> Result<Services, JobError> {
        let mut environment = Environment::load(&self.path("adg.yaml"), None)?;
        environment.clock = Arc::<Ticking>::clone(&self.clock);
        environment.disk = Disk::behind(Arc::new(GatedDisk(process.clone())));
        environment.seam =
            Some(Arc::new(Seam { process: process.clone(), stores: self.stores.clone(), part_bytes: self.part_bytes }));
        let metastore = GatedMetastore { inner: self.metastore(), process: process.clone(), in_one_step: self.in_one_step };
        let ledger = GatedLedger { inner: self.ledger(), process: process.clone() };
        let channels = vec![channel(process.clone())];
        Ok(Services { metastore: Arc::new(metastore), ledger: Arc::new(ledger), channels, lineage: None, environment })
    }

    /// Runs the job to its end, unless its process dies or hangs before.
    pub(super) fn run(&self, process: &Process, request: &IngestRequest) -> Result<RunReport, JobError> {
        ingest(&self.services(process)?, request, &NoProgress)
    }
}

struct Seam {
    process: Process,
    stores: BTreeMap<&'static str, Arc<dyn ObjectStore>>,
    part_bytes: usize,
}

impl StoreSeam for Seam {
    fn store(&self, name: &str, url: StoreUrl) -> Store {
        let (name, objects) = self.stores.get_key_value(name).unwrap();
        let folder = if let StoreUrl::Folder(folder) = &url { Some(folder.clone()) } else { None };
        let gated = GatedObjects { inner: Arc::clone(objects), process: self.process.clone(), name, folder };
        Store::of(name, url, Arc::new(gated), Disk::behind(Arc::new(GatedDisk(self.process.clone()))), self.part_bytes)
    }
}

/// A saved state of a world.
pub(super) struct Kept {
    now: i64,
    files: Vec<(PathBuf, Vec<u8>)>,
    objects: BTreeMap<&'static str, BTreeMap<Path, Bytes>>,
}

fn objects(store: &dyn ObjectStore) -> BTreeMap<Path, Bytes> {
    block_on(async {
        let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
        let mut all = BTreeMap::new();
        for object in listed {
            let content = store.get_opts(&object.location, GetOptions::default()).await.unwrap().bytes().await.unwrap();
            all.insert(object.location, content);
        }
        all
    })
}

/// Returns all files below a folder.
fn files(folder: &FilePath) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Returns the request of a nightly run, which names no dates.
pub(super) fn nightly() -> IngestRequest {
    // So little memory that one collection is done after the other.
    let options = RunOptions { memory: bytesize::ByteSize::mib(128), ..RunOptions::default() };
    let scope = Scope { job: "shop".to_owned(), ..Scope::default() };
    IngestRequest { scope, options, commands: Arc::new(NoCommands) }
}

/// Returns a request for named dates.
pub(super) fn asked_for(dates: Requested) -> IngestRequest {
    let mut request = nightly();
    request.scope.dates = dates;
    request
}

/// Adds a clean-up to a request.
pub(super) fn with_clean_up(mut request: IngestRequest) -> IngestRequest {
    request.options.clean_up = true;
    request
}

/// Next commands of a test, which nobody runs.
pub(super) struct NoCommands;

impl NextCommands for NoCommands {
    fn rerun(&self, (start, end): (ProcessingDate, ProcessingDate), _: Option<&BTreeSet<CollectionName>>) -> String {
        format!("{start}..{end}")
    }

    fn undo(&self, run: RunId) -> String {
        run.to_string()
    }

    fn repair(&self) -> String {
        "repair".to_owned()
    }
}
