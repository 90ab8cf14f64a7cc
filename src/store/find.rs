//! Search for objects in a large store: only the part that may hold them is listed, and only the wanted ones are kept.

use futures::StreamExt;
use object_store::ObjectMeta;
use object_store::list::PaginatedListOptions;

use super::object::{info, path};
use super::pages::Pages;
use super::{ObjectInfo, Store, StoreError, error, links};

/// Part of a store that is searched for keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyScope {
    /// Prefixes of the keys; an empty one matches every key.
    pub beginnings: Vec<String>,
    /// Maximum number of parts of a key, between slashes. None: any number.
    pub most_parts: Option<usize>,
}

impl KeyScope {
    /// Returns true if a folder may hold such keys.
    pub(super) fn may_be_below(&self, folder: &str) -> bool {
        let folder = format!("{folder}/");
        let parts = folder.split('/').count();
        self.most_parts.is_none_or(|most| parts <= most)
            && self.beginnings.iter().any(|begin| folder.starts_with(begin.as_str()) || begin.starts_with(&folder))
    }

    fn has(&self, key: &str) -> bool {
        self.beginnings.iter().any(|begin| key.starts_with(begin.as_str()))
    }
}

impl Store {
    /// Returns the objects in that part of the store whose keys are `wanted`, by key. Skips entries as [`list`](Self::list) does.
    ///
    /// # Errors
    /// The store can't be listed.
    pub fn find(&self, scope: &KeyScope, wanted: &dyn Fn(&str) -> bool) -> Result<Vec<ObjectInfo>, StoreError> {
        let mut found = Vec::new();
        let mut keep = |object: ObjectMeta| {
            if wanted(object.location.as_ref()) {
                found.push(info(object));
            }
        };
        match (self.local_folder(), &self.pages) {
            (Some(folder), _) => self.walk(folder, scope, wanted, &mut keep)?,
            (None, Some(pages)) => {
                for beginning in &scope.beginnings {
                    self.find_in_pages(pages, beginning, scope.most_parts, &mut keep)?;
                }
            }
            (None, None) => self.find_in_objects(scope, &mut keep)?,
        }
        found.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(found)
    }

    fn find_in_pages(
        &self,
        pages: &Pages,
        beginning: &str,
        most_parts: Option<usize>,
        keep: &mut dyn FnMut(ObjectMeta),
    ) -> Result<(), StoreError> {
        let prefix = format!("{}{beginning}", pages.below);
        // Where no further slash may follow, the service itself leaves out what lies in folders.
        let is_last_part = most_parts.is_some_and(|most| beginning.split('/').count() >= most);
        let mut page_token = None;
        loop {
            let delimiter = is_last_part.then_some("/".into());
            let options = PaginatedListOptions { delimiter, page_token: page_token.take(), ..PaginatedListOptions::default() };
            let page = self
                .runtime
                .block_on(pages.service.list_paginated(Some(&prefix).filter(|p| !p.is_empty()).map(|p| &**p), options));
            let page = page.map_err(|error| self.failed("list", beginning, error))?;
            for mut object in page.result.objects {
                // Kept by the key within the store.
                let Some(key) = object.location.as_ref().strip_prefix(&pages.below) else { continue };
                object.location = path(key);
                keep(object);
            }
            page_token = page.page_token;
            if page_token.is_none() {
                return Ok(());
            }
        }
    }

    fn find_in_objects(&self, scope: &KeyScope, keep: &mut dyn FnMut(ObjectMeta)) -> Result<(), StoreError> {
        let mut listing = self.objects.list(None);
        while let Some(object) = self.runtime.block_on(listing.next()) {
            let object = object.map_err(|error| self.failed("list", "", error))?;
            if scope.has(object.location.as_ref()) {
                keep(object);
            }
        }
        Ok(())
    }

    fn walk(
        &self,
        folder: &std::path::Path,
        scope: &KeyScope,
        wanted: &dyn Fn(&str) -> bool,
        keep: &mut dyn FnMut(ObjectMeta),
    ) -> Result<(), StoreError> {
        let is_wanted = |key: &str| scope.has(key) && wanted(key);
        let files = links::OwnFiles {
            objects: &*self.objects,
            folder,
            is_own: self.is_others,
            may_be_below: &|key| scope.may_be_below(key),
            is_wanted: &is_wanted,
        };
        let mut failure = None;
        self.runtime.block_on(files.each("", &mut |object| match object {
            Ok(object) => keep(object),
            Err(error) if error::is_about_one_name(&error) => {
                tracing::warn!(
                    event = "key_skipped", formerly = "name_left_out", store = self.name(), %error,
                    "skipped a key that is not valid"
                );
            }
            Err(error) => failure = failure.take().or(Some(error)),
        }));
        failure.map_or(Ok(()), |error| Err(self.failed("list", "", error)))
    }
}
