//! Read-ahead of objects: while one is read, requests for the next are in flight.

use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::JoinSet;

use super::download::{Download, Whole, whole};
use super::object::path;
use super::{Metadata, ObjectInfo, Store, StoreError};

/// Maximum small objects in flight at the same time. Each has at most the bytes of one range.
const AHEAD: usize = 16;

/// Objects of a service that are requested in this order: while one is read, small ones after it are in flight.
pub struct Ahead<'s> {
    store: &'s Store,
    state: Mutex<State>,
}

struct State {
    waiting: VecDeque<ObjectInfo>,
    begun: VecDeque<(ObjectInfo, Task)>,
}

/// A request that begins at once, and is cancelled when it is dropped.
type Task = JoinSet<object_store::Result<Whole>>;

impl Store {
    /// Returns a reader of objects in this order, which requests the next ones while one is read.
    pub fn ahead(&self, objects: impl Iterator<Item = ObjectInfo>) -> Ahead<'_> {
        Ahead::new(self, objects)
    }
}

impl<'s> Ahead<'s> {
    fn new(store: &'s Store, objects: impl Iterator<Item = ObjectInfo>) -> Self {
        let waiting = objects.filter(|object| store.comes_whole(object)).collect();
        Self { store, state: Mutex::new(State { waiting, begun: VecDeque::new() }) }
    }

    /// Like [`Store::open_described`].
    ///
    /// # Errors
    /// Those of [`Store::open_described`].
    pub fn open(&self, object: &ObjectInfo) -> Result<(Box<dyn Read + Send>, Metadata), StoreError> {
        let Some(mut task) = self.task_of(object) else { return self.store.open_described(object) };
        let failed = |error| self.store.failed("read", &object.key, error);
        match self.store.runtime.block_on(task.join_next()) {
            Some(Ok(whole)) => {
                let (store, verify_etags) = (self.store.describe(), self.store.verify_etags);
                let (download, metadata) = Download::of_whole(&store, &object.key, whole.map_err(failed)?, verify_etags);
                Ok((Box::new(download), metadata))
            }
            Some(Err(source)) => Err(failed(object_store::Error::JoinError { source })),
            None => self.store.open_described(object),
        }
    }

    /// Takes the request in flight for an object, and sends requests for the objects after it.
    fn task_of(&self, object: &ObjectInfo) -> Option<Task> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.send_for(&mut state);
        let place = state.begun.iter().position(|(begun, _)| begun == object)?;
        let (_, task) = state.begun.remove(place)?;
        self.send_for(&mut state);
        Some(task)
    }

    fn send_for(&self, state: &mut State) {
        while state.begun.len() < AHEAD
            && let Some(object) = state.waiting.pop_front()
        {
            let mut task = JoinSet::new();
            let (objects, path) = (Arc::clone(&self.store.objects), path(&object.key));
            task.spawn_on(whole(objects, path, object.clone()), self.store.runtime.handle());
            state.begun.push_back((object, task));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use futures::executor::block_on;
    use object_store::memory::InMemory;
    use object_store::throttle::{ThrottleConfig, ThrottledStore};
    use object_store::{ObjectStore, ObjectStoreExt};

    use super::*;
    use crate::store::{Disk, StoreUrl};

    const ANSWER: Duration = Duration::from_millis(30);

    /// Returns a bucket that responds to each GET after a while, and never to a HEAD.
    fn slow(objects: &Arc<InMemory>) -> Store {
        let config = ThrottleConfig { wait_get_per_call: ANSWER, ..ThrottleConfig::default() };
        let slow: Arc<dyn ObjectStore> = Arc::new(ThrottledStore::new(Arc::clone(objects), config));
        Store::of("source", StoreUrl::parse("s3://bucket", std::path::Path::new("/")).unwrap(), slow, Disk::default(), 1 << 20)
    }

    fn read(ahead: &Ahead<'_>, object: &ObjectInfo) -> Result<String, StoreError> {
        let mut text = String::new();
        ahead.open(object)?.0.read_to_string(&mut text).unwrap();
        Ok(text)
    }

    #[test]
    fn small_objects_come_side_by_side_and_are_those_that_were_listed() {
        let objects = Arc::new(InMemory::new());
        for i in 0..64 {
            block_on(objects.put(&format!("{i:02}.csv").as_str().into(), format!("number {i}").into())).unwrap();
        }
        let store = slow(&objects);
        let listed = store.list("").unwrap();
        let (ahead, began) = (store.ahead(listed.iter().cloned()), Instant::now());
        for (i, object) in listed.iter().enumerate() {
            assert_eq!(read(&ahead, object).unwrap(), format!("number {i}"));
        }
        // One after the other they take two seconds.
        assert!(began.elapsed() < ANSWER * 30, "{:?}", began.elapsed());
        // In another order too, and twice.
        let ahead = store.ahead(listed.iter().take(3).cloned());
        for i in [2, 0, 0, 63] {
            assert_eq!(read(&ahead, &listed[i]).unwrap(), format!("number {i}"));
        }
        block_on(objects.put(&"05.csv".into(), "another".into())).unwrap();
        let ahead = store.ahead(listed.iter().cloned());
        assert!(matches!(read(&ahead, &listed[5]), Err(StoreError::Changed { .. })));
        assert_eq!(read(&ahead, &listed[6]).unwrap(), "number 6");
    }
}
