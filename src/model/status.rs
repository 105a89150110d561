//! The states of domains, jobs and batches, and which may follow which.

/// A stored or given name that belongs to no value of the enumeration.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` is no {kind}; one of {allowed} is expected")]
pub struct UnknownName {
    /// What was looked for, such as `job status`.
    pub kind: &'static str,
    /// The name that was given.
    pub name: String,
    /// The names that exist.
    pub allowed: String,
}

/// Declares an enumeration with its stored name (lower case) for each value.
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        $name:ident, $kind:literal { $( $(#[$value_meta:meta])* $value:ident = $text:literal, )+ }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ::serde::Serialize, ::serde::Deserialize)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum $name { $( $(#[$value_meta])* $value, )+ }

        impl $name {
            /// Every value, in order.
            pub const ALL: &'static [Self] = &[ $( Self::$value, )+ ];

            /// The name as the database stores it.
            pub const fn as_str(self) -> &'static str {
                match self { $( Self::$value => $text, )+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::model::UnknownName;

            fn from_str(name: &str) -> Result<Self, Self::Err> {
                match name {
                    $( $text => Ok(Self::$value), )+
                    _ => Err($crate::model::UnknownName {
                        kind: $kind,
                        name: name.to_owned(),
                        allowed: [ $( $text, )+ ].join(", "),
                    }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use named_enum;

named_enum! {
    /// What is known of a domain, and whether work on it is under way.
    DomainStatus, "domain status" {
        /// Known, never scanned.
        New = "new",
        /// A scan waits in the queue.
        Pending = "pending",
        /// A scan is running.
        Scanning = "scanning",
        /// The newest scan succeeded.
        Scanned = "scanned",
        /// The newest scan failed.
        Failed = "failed",
    }
}

named_enum! {
    /// Where a job is in its life: `pending → running → complete | failed | cancelled`, and
    /// `running → pending` when it is to be tried again or was given back.
    JobStatus, "job status" {
        /// Waits for a worker.
        Pending = "pending",
        /// A worker holds its lease.
        Running = "running",
        /// Ended with a result.
        Complete = "complete",
        /// Ended without one.
        Failed = "failed",
        /// Ended because somebody asked for that.
        Cancelled = "cancelled",
    }
}

impl JobStatus {
    /// Whether the job has ended: an ended job never changes.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Complete | Self::Failed | Self::Cancelled)
    }

    /// Whether a job in this state may go to `next`.
    pub const fn may_become(self, next: Self) -> bool {
        match self {
            Self::Pending => matches!(next, Self::Running | Self::Cancelled),
            Self::Running => !matches!(next, Self::Running),
            Self::Complete | Self::Failed | Self::Cancelled => false,
        }
    }
}

named_enum! {
    /// Where a batch is in its life.
    BatchStatus, "batch status" {
        /// None of its jobs has started.
        Pending = "pending",
        /// Some of its jobs have started, not all have ended.
        Running = "running",
        /// Every job ended with a result.
        Complete = "complete",
        /// Some jobs ended with a result, some without.
        Partial = "partial",
        /// No job ended with a result, and not all were cancelled.
        Failed = "failed",
        /// Cancelled, by a call or by its deadline, before all of its jobs had ended; or every job was cancelled.
        Cancelled = "cancelled",
    }
}

impl BatchStatus {
    /// Whether the batch has ended: an ended batch never changes.
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Complete | Self::Partial | Self::Failed | Self::Cancelled)
    }
}

named_enum! {
    /// The kind of work that a job does.
    JobType, "job type" {
        /// Scan one domain.
        DomainScan = "domain_scan",
    }
}

named_enum! {
    /// How far a running scan has come.
    JobStep, "job step" {
        /// Waits for a worker.
        Queued = "queued",
        /// Looks the name up and reads robots.txt.
        Resolving = "resolving",
        /// Fetches the homepage.
        Fetching = "fetching",
        /// Reads facts from the page.
        Extracting = "extracting",
        /// Reads the sitemaps.
        Sitemaps = "sitemaps",
        /// Waits for its result to be stored.
        Storing = "storing",
        /// Ended.
        Done = "done",
    }
}

impl JobStep {
    /// The share of the work that is done when this step begins, from 0 to 1.
    pub const fn progress(self) -> f64 {
        match self {
            Self::Queued => 0.0,
            Self::Resolving => 0.05,
            Self::Fetching => 0.15,
            Self::Extracting => 0.5,
            Self::Sitemaps => 0.6,
            Self::Storing => 0.95,
            Self::Done => 1.0,
        }
    }
}
