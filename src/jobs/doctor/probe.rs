//! Probes of services and of the local disk by the doctor's steps.

use std::io::Read;
use std::path::Path;

use bytesize::ByteSize;
use jiff::SignedDuration;

use crate::aws::Role;
use crate::catchup::{Access, Holder, Ledger, RetiredPath};
use crate::identity::{Clock, ModuleName, RunId};
use crate::runtime;
use crate::store::{ObjectInfo, ScratchFile, Store, StoreError, Tags};

use crate::jobs::run::{Environment, JobError};

/// Largest clock skew that passes. AWS refuses requests that are signed fifteen minutes away from its own time.
const MOST_SKEW: SignedDuration = SignedDuration::from_mins(5);
/// Least free scratch space that passes: with less, a run of usual size may not end.
const LEAST_SCRATCH: ByteSize = ByteSize::gib(1);

/// Returns the ARN of the identity after `hop` hops of the role chain.
pub(super) fn who(environment: &Environment, roles: &[Role], hop: usize) -> Result<String, JobError> {
    let identity = environment.account()?.identity_at_hop(roles, hop);
    let arn = runtime::wait(identity.arn()).map_err(|error| JobError::Bug(error.to_string()))?;
    Ok(arn?)
}

pub(super) fn read_one_byte(store: &Store, object: &ObjectInfo) -> Result<String, JobError> {
    let mut byte = [0];
    let read = store.open_object(object)?.read(&mut byte);
    read.map_err(|error| match error.downcast::<StoreError>() {
        Ok(error) => JobError::from(error),
        Err(error) => JobError::Output { what: format!("a byte of `{}`", object.key), source: error },
    })?;
    Ok(format!("`{}`, {}", object.key, ByteSize(object.size)))
}

pub(super) fn clock_skew(store: &Store, key: &str, clock: &dyn Clock) -> Result<String, JobError> {
    let Some(theirs) = store.time(key)? else { return Ok("the store does not tell the time".to_owned()) };
    let skew = clock.now().duration_since(theirs).abs();
    if skew > MOST_SKEW {
        return Err(JobError::Machine {
            message: format!("this machine's clock is {} seconds away from the store's", skew.as_secs()),
            hint: "set the machine's time by NTP: requests signed with a wrong time are refused".into(),
        });
    }
    Ok(format!("{} seconds away from the store's", skew.as_secs()))
}

/// Writes a probe file and deletes it at once. Its name hides it from every reader of tables.
pub(super) fn write_and_delete(store: &Store, folder: &str, id: &RunId) -> Result<String, JobError> {
    let key = format!("{folder}/_adg_doctor_{id}").trim_start_matches('/').to_owned();
    let file = tempfile::NamedTempFile::new().map_err(|source| StoreError::Scratch {
        action: "make a file in",
        folder: "of the system".to_owned(),
        source,
    })?;
    let tags = Tags::from([("pii", "false".to_owned())]);
    store.put_file(&ScratchFile::plain(file.path()), &key, &tags)?;
    store.head(&key)?;
    store.delete(std::slice::from_ref(&key))?;
    Ok(format!("`{key}`"))
}

/// Makes every kind of write that a run makes to the ledger, under a name that no module has.
pub(super) fn write_and_forget(ledger: &dyn Ledger, clock: &dyn Clock) -> Result<String, JobError> {
    let name = "adg_doctor";
    let module: ModuleName = name.parse().map_err(|_| JobError::Bug(format!("`{name}` is no module's name")))?;
    let holder = Holder { run_id: RunId::new(clock.now()), host: "doctor".to_owned(), process: std::process::id() };
    let lease = ledger.acquire(&module.clone().into(), Access::Exclusive, &holder, clock.now(), SignedDuration::from_mins(1))?;
    let location = format!("adg_doctor/{}", holder.run_id);
    let written = ledger
        .retire(&lease, &RetiredPath { location: location.clone(), at: clock.now() })
        .and_then(|()| ledger.forget_retired(&lease, &location))
        .and_then(|()| ledger.days(&module));
    // Given up in any case; what went wrong first is what is told.
    let released = ledger.release(&lease);
    written?;
    released?;
    Ok(format!("as the module `{module}`"))
}

pub(super) fn scratch(folder: &Path) -> Result<String, JobError> {
    let failed = |source| StoreError::Scratch { action: "use", folder: folder.display().to_string(), source };
    std::fs::create_dir_all(folder).map_err(failed)?;
    tempfile::tempfile_in(folder).map_err(failed)?;
    let free = ByteSize(free_bytes(folder).map_err(failed)?);
    if free < LEAST_SCRATCH {
        return Err(JobError::Machine {
            message: format!("{} has {free} free", folder.display()),
            hint: "what is set aside of a day lies there until it is sent; name another folder as the profile's `scratch`".into(),
        });
    }
    Ok(format!("{}, {free} free", folder.display()))
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> std::io::Result<u64> {
    let space = rustix::fs::statvfs(folder)?;
    Ok(space.f_bavail.saturating_mul(space.f_frsize))
}

#[cfg(not(unix))]
fn free_bytes(_: &Path) -> std::io::Result<u64> {
    Ok(u64::MAX)
}
