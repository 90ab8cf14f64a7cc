//! Manual changes of others to the catalog, which must not lose files.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rusqlite::{Connection, params};

use super::readers::Readers;
use super::world::{COLLECTIONS, World};

/// A partition's row in the metastore: table, value, location and parameters.
type Row = (String, String, String, String);

/// Others who change the catalog, and a copy of it that they once made.
#[derive(Default)]
pub(super) struct Hands {
    copy: Vec<Row>,
    backups: u32,
}

const DROP: &str = "
delete from partitions where table_id = (select id from tables where name = ?1);
delete from columns where table_id = (select id from tables where name = ?1);
delete from tables where name = ?1;
";
const PARTITIONS: &str =
    "select tables.name, value, partitions.location, partitions.parameters from partitions join tables on id = table_id
     order by 1, 2";
/// Puts a partition back, if its table still exists.
const PUT_BACK: &str = "insert or replace into partitions select id, ?2, ?3, ?4 from tables where name = ?1";

impl Hands {
    /// Makes a random manual change. Returns its description for the trace.
    pub(super) fn meddle(&mut self, random: &mut ChaCha8Rng, world: &World, readers: &Readers) -> &'static str {
        let metastore = Connection::open(world.path("metastore.db")).unwrap();
        metastore.pragma_update(None, "foreign_keys", "off").unwrap();
        let table = COLLECTIONS[random.random_range(0..COLLECTIONS.len())];
        let mut rows = partitions(&metastore);
        rows.retain(|(name, ..)| COLLECTIONS.contains(&name.as_str()));
        let some = (!rows.is_empty()).then(|| rows[random.random_range(0..rows.len())].clone());
        let what = match (random.random_range(0..8), some) {
            (0, _) => {
                DROP.split_inclusive(';').for_each(|one| drop(metastore.execute(one, [table])));
                "drops a table"
            }
            (1, _) => self.rename(&metastore, table, readers),
            (2, Some((name, value, ..))) => {
                let of_table = "delete from partitions where table_id = (select id from tables where name = ?1) and value = ?2";
                metastore.execute(of_table, [name, value]).unwrap();
                "drops a partition"
            }
            (3, Some((_, _, location, parameters))) => {
                let (name, value, ..) = &rows[random.random_range(0..rows.len())];
                metastore.execute(PUT_BACK, params![name, value, location, parameters]).unwrap();
                "sends readers elsewhere"
            }
            (4, _) => {
                let column = "delete from columns where name = 'amount' and table_id = (select id from tables where name = ?1)";
                metastore.execute(column, [table]).unwrap();
                "drops a column"
            }
            (5, _) => {
                let column = "update or ignore columns set name = 'remark'
                    where name = 'extra' and table_id = (select id from tables where name = ?1)";
                metastore.execute(column, [table]).unwrap();
                "renames a column"
            }
            (6, _) => {
                self.copy = rows;
                "copies the catalog"
            }
            _ => self.restore(&metastore, readers),
        };
        drop(metastore);
        readers.see_hands(world);
        what
    }

    /// Renames a table to a backup of itself, whose readers keep its files for ever.
    fn rename(&mut self, metastore: &Connection, table: &str, readers: &Readers) -> &'static str {
        let kept = partitions(metastore).into_iter().filter(|(name, ..)| name == table).map(|(_, _, location, _)| location);
        readers.keep_for_ever(kept);
        self.backups += 1;
        let backup = format!("{table}_{}", self.backups);
        metastore.execute("update tables set name = ?2 where name = ?1", [table, &backup]).unwrap();
        "renames a table"
    }

    /// Restores the partitions of the copy whose files must still exist: after their retention nobody can have them back.
    fn restore(&self, metastore: &Connection, readers: &Readers) -> &'static str {
        for (name, value, location, parameters) in &self.copy {
            if readers.is_to_stay(location) {
                metastore.execute(PUT_BACK, params![name, value, location, parameters]).unwrap();
            }
        }
        "restores the catalog"
    }
}

fn partitions(metastore: &Connection) -> Vec<Row> {
    let mut query = metastore.prepare(PARTITIONS).unwrap();
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))).unwrap();
    rows.map(Result::unwrap).collect()
}
