//! Generation of test data: a module's files, from its own columns.

use std::io::{self, BufWriter, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::civil::time;
use jiff::tz::TimeZone;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use crate::cipher::{DataKey, EncryptingWriter, Iv};
use crate::config::{CollectionSettings, FileEncryption, Module};
use crate::identity::{CollectionName, ProcessingDate, RunId, SliceLength};
use crate::source::{Envelope, KeyService, NewKey, with_date};
use crate::store::{ScratchFolder, Store, Tags};

use crate::jobs::run::{Environment, JobError};

use super::columns::Columns;
use super::{Generate, csv_file, json_file};

/// Hour of the date, in UTC, that the name of a generated file gives as its time of creation.
const MADE_AT_HOUR: i8 = 4;

/// Writes the files of each collection into the module's source store, and returns their keys. If the module's files are
/// encrypted, each has a new key of the key service.
///
/// # Errors
/// The profile is protected; the module is not known, declares no columns of a collection, or can't have such files; the key
/// service, the store or the scratch disk fails. Files that were already written remain.
pub fn generate(environment: &Environment, request: &Generate) -> Result<Vec<String>, JobError> {
    if environment.config.profile.protected {
        return Err(JobError::Usage {
            message: format!("the profile `{}` is protected: no test data is written there", environment.config.profile_name),
            hint: Some("choose another profile".into()),
        });
    }
    let module = environment.module(&request.module, request.load)?;
    let store = environment.store(&module.source.store, true)?;
    let run = RunId::new(environment.clock.now());
    let service = match module.source.encryption {
        FileEncryption::None => None,
        FileEncryption::KeyService => Some(environment.key_service(&run)?),
    };
    refuse_what_can_not_be(&module, &store, request)?;
    let scratch = environment.scratch(&run)?;
    let folder = scratch.folder("generated")?;
    let maker = Maker { module: &module, request, store: &store, folder: &folder, service: service.as_ref() };
    let mut keys = Vec::new();
    for (collection, settings) in module.collections.iter().filter(|(_, settings)| settings.child_of.is_none()) {
        let columns = columns(&module, collection, request)?;
        for number in 1..=request.files {
            keys.push(maker.make(collection, settings, &columns, number)?);
        }
    }
    Ok(keys)
}

fn refuse_what_can_not_be(module: &Module, store: &Store, request: &Generate) -> Result<(), JobError> {
    let usage = |message: String, hint: &str| Err(JobError::Usage { message, hint: Some(hint.to_owned()) });
    if module.source.encryption != FileEncryption::None && store.local_folder().is_some() {
        let message =
            format!("the files of `{}` are encrypted, and a folder does not keep the metadata that says how", module.module);
        return usage(message, "choose a profile whose source is a bucket");
    }
    let is_numbered = ["{epoch_ms}", "{seq}", "*"].iter().any(|token| module.source.files.contains(token));
    if module.source.slice == SliceLength::Hour && request.date.hour().is_none() {
        let message = format!("the files of `{}` are of hours, and {} is a day", module.module, request.date);
        return usage(message, "write the hour: --date YYYY-MM-DDTHH");
    }
    if request.files > 1 && !is_numbered {
        let message = format!("all files of `{}` would have one name: `{}`", module.module, module.source.files);
        return usage(message, "leave --files out");
    }
    Ok(())
}

/// A generator of files.
struct Maker<'a> {
    module: &'a Module,
    request: &'a Generate,
    store: &'a Store,
    folder: &'a ScratchFolder,
    service: Option<&'a KeyService>,
}

impl Maker<'_> {
    fn make(
        &self,
        collection: &CollectionName,
        settings: &CollectionSettings,
        columns: &Columns,
        number: u32,
    ) -> Result<String, JobError> {
        let failed = |source| JobError::Output { what: format!("the file of `{collection}`"), source };
        let sealed = self.seal().transpose()?;
        let file = self.folder.file(&format!("{collection}-{number}")).map_err(failed)?;
        let rng = ChaCha8Rng::seed_from_u64(seed(self.request, collection, number));
        let content = |target: &mut dyn Write| match self.module.source.json {
            None => csv_file::write(target, self.module, columns, self.request, rng),
            Some(_) => json_file::write(target, self.module, settings, columns, self.request, rng),
        };
        let key = sealed.as_ref().map(|(envelope, key)| (key, envelope.iv));
        file.create().and_then(|target| pack(target, key, self.request.gzip, content)).map_err(failed)?;
        let metadata = sealed.map(|(envelope, _)| envelope.metadata()).unwrap_or_default();
        let name = settings.file_name.as_deref().unwrap_or(collection.as_str());
        let key = key_of(self.module, name, self.request.date, number);
        self.store.put_described(&file, &key, &Tags::new(), &metadata)?;
        Ok(key)
    }

    /// Returns an envelope with a new key for a file; none if the files are not encrypted.
    fn seal(&self) -> Option<Result<(Envelope, DataKey), JobError>> {
        let service = self.service?;
        let sealed = || {
            let iv = Iv::random().map_err(|source| JobError::Output { what: "an initialisation vector".into(), source })?;
            let NewKey { wrapped, key } = service.new_key()?;
            Ok((Envelope { wrapped, iv }, key))
        };
        Some(sealed())
    }
}

/// Compresses what `content` writes if `gzip`, and then encrypts it if there is a key.
fn pack(
    target: Box<dyn Write + Send>,
    key: Option<(&DataKey, Iv)>,
    gzip: bool,
    content: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut target: Box<dyn Write> = match key {
        None => target,
        Some((key, iv)) => Box::new(EncryptingWriter::new(target, key, iv)?),
    };
    if !gzip {
        let mut buffered = BufWriter::new(&mut target);
        content(&mut buffered)?;
        return buffered.flush();
    }
    let mut packed = BufWriter::new(GzEncoder::new(target, Compression::fast()));
    content(&mut packed)?;
    packed.into_inner()?.finish()?.flush()
}

fn columns(module: &Module, collection: &CollectionName, request: &Generate) -> Result<Columns, JobError> {
    let declared = module.collections.get(collection).map(|settings| &settings.columns);
    let added = request.add.iter().filter(|extra| extra.collection == *collection);
    let columns: Columns = declared
        .into_iter()
        .flatten()
        .map(|(name, word)| (name.clone(), word.clone()))
        .filter(|(name, _)| !request.drop.iter().any(|(of, dropped)| of == collection && dropped.as_str() == name))
        .chain(added.map(|extra| (extra.name.to_string(), extra.word.clone())))
        .collect();
    if columns.is_empty() {
        let message = format!("the module `{}` declares no columns of `{collection}` to make data from", module.module);
        return Err(JobError::Usage {
            message,
            hint: Some("list them under `columns` in the module file, or give --add-column".into()),
        });
    }
    Ok(columns)
}

fn key_of(module: &Module, file_name: &str, date: ProcessingDate, number: u32) -> String {
    let made = date.date().to_datetime(time(MADE_AT_HOUR, 0, 0, 0)).to_zoned(TimeZone::UTC);
    let epoch_ms = made.map_or(0, |made| made.timestamp().as_millisecond()) + i64::from(number - 1);
    let filled = with_date(&module.source.files, date).replace("{collection}", file_name);
    let number = number.to_string();
    filled.replace("{epoch_ms}", &epoch_ms.to_string()).replace("{seq}", &number).replace('*', &number)
}

/// Returns the random seed of a file: files of one `seed` differ by module, collection, date and number.
fn seed(request: &Generate, collection: &CollectionName, number: u32) -> u64 {
    let mut text = format!("{} {} {} {}", request.seed, request.module, collection, request.date);
    if number > 1 {
        text.push_str(&format!(" {number}"));
    }
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
