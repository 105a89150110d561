//! What the database server costs.

use std::{fs, path::Path, time::Duration};

use scrapersky::store::Db;
use sea_orm::{ConnectionTrait, Statement};

/// The processor time of a PostgreSQL server on this machine.
pub(crate) struct DatabaseCpu {
    postmaster: u32,
}

impl DatabaseCpu {
    /// None when there is no server, or none that can be looked at.
    pub(crate) async fn of(db: &Db) -> Option<Self> {
        let ask = Statement::from_string(db.backend(), "SHOW data_directory");
        let row = db.reader().query_one_raw(ask).await.ok()??;
        let folder: String = row.try_get_by_index(0).ok()?;
        let file = fs::read_to_string(Path::new(&folder).join("postmaster.pid")).ok()?;
        Some(Self { postmaster: file.lines().next()?.trim().parse().ok()? })
    }

    /// The time that the server and its processes have spent so far, those that have ended included.
    pub(crate) fn spent(&self) -> Duration {
        let all: Vec<Process> = fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| Process::read(entry.file_name().to_str()?.parse().ok()?))
            .collect();
        let own =
            all.iter().filter(|one| one.id == self.postmaster).map(|one| one.ticks + one.ticks_of_ended);
        let children = all.iter().filter(|one| one.parent == self.postmaster).map(|one| one.ticks);
        Duration::from_millis(own.chain(children).sum::<u64>() * 10)
    }
}

/// A line of `/proc/<pid>/stat`.
struct Process {
    id: u32,
    parent: u32,
    ticks: u64,
    ticks_of_ended: u64,
}

impl Process {
    fn read(id: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        let fields: Vec<&str> = stat.rsplit(')').next()?.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        Some(Self {
            id,
            parent: u32::try_from(number(1)?).ok()?,
            ticks: number(11)? + number(12)?,
            ticks_of_ended: number(13)? + number(14)?,
        })
    }
}
