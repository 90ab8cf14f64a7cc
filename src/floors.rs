//! The layers (floors) of the crate, and tests that enforce them: no file imports from a floor above its own, and no files of a
//! room import each other in a circle. Test code is exempt.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemUse, UseTree, Visibility};

/// The rooms, from the ground up. Rooms of one floor do not know each other.
const FLOORS: [&[&str]; 12] = [
    &["identity", "runtime", "private", "cipher", "sending"],
    &["embedded", "stop"],
    &["schema", "aws"],
    &["secrets", "store", "batch", "postgres"],
    &["source", "metastore", "catchup"],
    &["sink"],
    &["lake", "database", "report"],
    &["notify", "telemetry"],
    &["config"],
    &["engine", "sql"],
    &["jobs"],
    &["cli"],
];

/// Kinds of jobs. They share `jobs/run` and do not know each other.
const KINDS: [&str; 2] = ["ingest", "pipeline"];

/// A module's path from the crate's root: `["lake", "parquet", "writer"]`.
type Module = Vec<String>;

/// The imports of a file's code that is not for tests.
#[derive(Default)]
struct Imports {
    /// Paths as written, from the file's module.
    uses: Vec<Vec<String>>,
    /// Names that the file re-exports, with their targets.
    reexports: Vec<(String, Vec<String>)>,
}

fn is_test_only(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string().split(['(', ',', ' ', ')']).any(|word| word == "test"))
    })
}

fn leaves(tree: &UseTree, path: &[String], out: &mut Vec<(String, Vec<String>)>) {
    let with = |name: &syn::Ident| [path, &[name.to_string()]].concat();
    match tree {
        UseTree::Path(inner) => leaves(&inner.tree, &with(&inner.ident), out),
        UseTree::Name(name) if name.ident == "self" => out.push((path.last().cloned().unwrap_or_default(), path.to_vec())),
        UseTree::Name(name) => out.push((name.ident.to_string(), with(&name.ident))),
        UseTree::Rename(rename) => out.push((rename.rename.to_string(), with(&rename.ident))),
        UseTree::Group(group) => group.items.iter().for_each(|item| leaves(item, path, out)),
        UseTree::Glob(_) => out.push(("*".to_owned(), path.to_vec())),
    }
}

impl<'ast> Visit<'ast> for Imports {
    fn visit_item(&mut self, item: &'ast Item) {
        let attributes: &[Attribute] = match item {
            Item::Mod(item) => &item.attrs,
            Item::Use(item) => &item.attrs,
            Item::Fn(item) => &item.attrs,
            Item::Impl(item) => &item.attrs,
            Item::Trait(item) => &item.attrs,
            Item::Struct(item) => &item.attrs,
            Item::Enum(item) => &item.attrs,
            Item::Const(item) => &item.attrs,
            _ => &[],
        };
        if !is_test_only(attributes) {
            visit::visit_item(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        let mut found = Vec::new();
        leaves(&item.tree, &[], &mut found);
        if matches!(item.vis, Visibility::Inherited) {
            self.uses.extend(found.into_iter().map(|(_, path)| path));
        } else {
            self.reexports.extend(found);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        if path.segments.first().is_some_and(|first| first.ident == "crate") {
            self.uses.push(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        }
        visit::visit_path(self, path);
    }
}

/// The crate's files and their imports.
struct House {
    files: BTreeMap<Module, Imports>,
    /// Target of each re-exported path.
    aliases: BTreeMap<Module, Module>,
}

impl House {
    fn of(root: &Path) -> Self {
        let mut house = Self { files: BTreeMap::new(), aliases: BTreeMap::new() };
        house.read(root, &[]);
        // Files that are modules of tests in themselves.
        let tests: BTreeSet<Module> = house.tests(root, &[]).into_iter().collect();
        house.files.retain(|module, _| !(1..=module.len()).any(|length| tests.contains(&module[..length])));
        for (module, imports) in &house.files {
            for (name, path) in &imports.reexports {
                let target = absolute(module, path);
                house.aliases.insert([module.as_slice(), std::slice::from_ref(name)].concat(), target);
            }
        }
        house
    }

    fn read(&mut self, folder: &Path, module: &[String]) {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = entry.file_stem().unwrap().to_string_lossy().into_owned();
            if entry.is_dir() {
                self.read(&entry, &[module, &[name]].concat());
            } else if entry.extension().is_some_and(|ty| ty == "rs") && !(module.is_empty() && ["main", "lib"].contains(&&*name))
            {
                let of_file = if name == "mod" { module.to_vec() } else { [module, &[name]].concat() };
                let mut imports = Imports::default();
                imports.visit_file(&parsed(&entry));
                self.files.insert(of_file, imports);
            }
        }
    }

    /// Returns the modules that are declared for tests only.
    fn tests(&self, root: &Path, _: &[String]) -> Vec<Module> {
        let mut found = Vec::new();
        let mut declared = |file: &Path, module: &[String]| {
            if file.exists() {
                let mods =
                    parsed(file).items.into_iter().filter_map(|item| if let Item::Mod(item) = item { Some(item) } else { None });
                let tests = mods.filter(|item| item.content.is_none() && is_test_only(&item.attrs));
                found.extend(tests.map(|item| [module, &[item.ident.to_string()]].concat()));
            }
        };
        declared(&root.join("lib.rs"), &[]);
        for module in self.files.keys() {
            let path = module.iter().fold(root.to_owned(), |path, part| path.join(part));
            declared(&path.join("mod.rs"), module);
            declared(&path.with_extension("rs"), module);
        }
        found
    }

    /// Returns the file in which a path's item is declared.
    fn file_of(&self, path: &[String]) -> Option<Module> {
        let mut path = path.to_vec();
        for _ in 0..10 {
            let alias = (1..=path.len()).rev().find_map(|length| {
                let target = self.aliases.get(&path[..length])?;
                (!target.starts_with(&path[..length])).then(|| [target.as_slice(), &path[length..]].concat())
            });
            match alias {
                Some(next) => path = next,
                None => break,
            }
        }
        (1..=path.len()).rev().map(|length| path[..length].to_vec()).find(|module| self.files.contains_key(module))
    }

    /// Returns each file with the files that it imports from.
    fn arrows(&self) -> BTreeMap<&Module, BTreeSet<Module>> {
        let of_file = |(module, imports): (&'_ Module, &Imports)| -> BTreeSet<Module> {
            let paths = imports.uses.iter().map(|path| absolute(module, path));
            paths.filter_map(|path| self.file_of(&path)).filter(|target| target != module).collect()
        };
        self.files.iter().map(|(module, imports)| (module, of_file((module, imports)))).collect()
    }
}

fn parsed(file: &Path) -> File {
    syn::parse_file(&fs::read_to_string(file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

/// Returns a path from the crate's root. A path of another crate keeps its own first part, which no file has.
fn absolute(module: &[String], path: &[String]) -> Module {
    let mut base = module.to_vec();
    let mut rest = path;
    match rest.first().map(String::as_str) {
        Some("crate") => (base, rest) = (Vec::new(), &rest[1..]),
        Some("self") => rest = &rest[1..],
        // `super`, or a sibling's item, as `mod.rs` hands on those of its files.
        Some(_) => {}
        None => return Vec::new(),
    }
    while rest.first().is_some_and(|part| part == "super") {
        base.pop();
        rest = &rest[1..];
    }
    [base, rest.to_vec()].concat()
}

fn floor(room: &str) -> usize {
    let found = FLOORS.iter().position(|rooms| rooms.contains(&room));
    found.unwrap_or_else(|| panic!("the room `{room}` has no floor: add it to FLOORS"))
}

/// Returns a circle of imports that begins and ends with `module`.
fn circle<'a>(arrows: &'a BTreeMap<&'a Module, BTreeSet<Module>>, module: &'a Module) -> Option<Vec<&'a Module>> {
    let mut seen = BTreeSet::new();
    let mut paths: Vec<Vec<&Module>> = vec![vec![module]];
    while let Some(path) = paths.pop() {
        for next in arrows.get(path.last()?).into_iter().flatten() {
            if next == module {
                return Some(path);
            }
            if seen.insert(next) {
                paths.push([path.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

fn house() -> House {
    House::of(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// Returns true if a module of the crate's root is for development only, such as the fuzz targets and this file.
fn is_for_development(module: &[String]) -> bool {
    ["fuzzing", "floors", "test_services"].contains(&&*module[0])
}

#[test]
fn no_room_uses_one_of_its_floor_or_above() {
    let house = house();
    let arrows = house.arrows();
    let mut wrong = Vec::new();
    for (from, targets) in &arrows {
        for to in targets.iter().filter(|to| to[0] != from[0] && !is_for_development(from)) {
            if floor(&to[0]) >= floor(&from[0]) {
                wrong.push(format!("{} -> {}", from.join("/"), to.join("/")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
    // The test sees what it is to see.
    let sees = |from: &str, to: &str| {
        arrows.iter().any(|(file, targets)| file[0] == from && targets.iter().any(|target| target[0] == to))
    };
    assert!(sees("cli", "jobs") && sees("jobs", "engine") && sees("lake", "metastore") && !sees("jobs", "cli"));
}

#[test]
fn no_files_use_each_other_in_a_circle() {
    let house = house();
    let arrows = house.arrows();
    let circles: Vec<String> = (arrows.keys())
        .filter_map(|module| circle(&arrows, module))
        .map(|circle| circle.iter().map(|module| module.join("/")).collect::<Vec<_>>().join(" -> "))
        .collect();
    assert_eq!(circles, Vec::<String>::new());
}

#[test]
fn kinds_of_jobs_share_the_run_and_do_not_know_each_other() {
    let house = house();
    let mut wrong = Vec::new();
    for (from, targets) in house.arrows() {
        let [jobs, kind, ..] = from.as_slice() else { continue };
        for to in targets.iter().filter(|to| jobs == "jobs" && to.len() > 1 && to[0] == "jobs" && to[1] != *kind) {
            let is_allowed = match kind.as_str() {
                "run" => false,
                kind if KINDS.contains(&kind) => to[1] == "run",
                _ => true,
            };
            if !is_allowed {
                wrong.push(format!("{} -> {}", from.join("/"), to.join("/")));
            }
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}
