//! The types of the API, one file each. They wrap the records of [`crate::model`], which are shared, not copied.

mod batch_job;
pub(super) mod batch_job_list;
mod batch_progress;
pub(super) mod connection;
mod contact;
mod domain;
pub(super) mod domain_list;
pub(super) mod enums;
pub(super) mod filters;
mod job;
pub(super) mod job_list;
mod node;
pub(super) mod orders;
mod rejected_name;
pub(super) mod scalars;
mod scan_failure;
mod scan_options;
mod sitemap;
mod social_link;
mod technology;
mod viewer;
mod wordpress;

pub(super) use batch_job::BatchJob;
pub(super) use batch_progress::BatchProgress;
pub(super) use domain::Domain;
pub(super) use job::Job;
pub(super) use node::{Node, NodeId};
pub(super) use rejected_name::RejectedName;
pub(super) use scan_options::ScanOptionsInput;
pub(super) use viewer::Viewer;
