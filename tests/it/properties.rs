//! What holds for every input.

use proptest::prelude::*;
use scrapersky::model::{BatchCounts, BatchStatus, DomainName, JobStatus};

proptest! {
    #[test]
    fn a_normalised_name_is_its_own_normal_form(input in "\\PC{0,80}") {
        if let Ok(name) = DomainName::parse(&input) {
            prop_assert_eq!(DomainName::parse(name.as_str()).unwrap(), name.clone());
            prop_assert_eq!(DomainName::parse(&name.to_unicode()).unwrap(), name.clone());
            prop_assert!(name.as_str().is_ascii() && name.as_str().len() <= DomainName::MAX_LENGTH);
            prop_assert!(name.as_str().contains('.') && !name.as_str().bytes().any(|b| b.is_ascii_uppercase()));
        }
    }

    #[test]
    fn names_are_folded_whatever_surrounds_them(
        label in "[a-z][a-z0-9]{0,20}",
        ending in "[a-z]{2,8}",
        scheme in prop::sample::select(vec!["", "http://", "https://", "HTTPS://", "//"]),
        www in prop::sample::select(vec!["", "www.", "WWW."]),
        path in prop::sample::select(vec!["", "/", "/a/b?c=d#e", "?q=1", "."]),
    ) {
        let plain = format!("{label}.{ending}");
        prop_assume!(DomainName::parse(&plain).is_ok() && label != "www");
        let written = format!("  {scheme}{www}{}{path}\n", plain.to_uppercase());
        prop_assert_eq!(String::from(DomainName::parse(&written).unwrap()), plain);
    }

    #[test]
    fn no_spelling_of_an_address_is_a_name(octets in any::<[u8; 4]>(), form in 0..7) {
        let [a, b, c, d] = octets;
        let number = u32::from_be_bytes(octets);
        let spelling = match form {
            0 => format!("{a}.{b}.{c}.{d}"),
            1 => number.to_string(),
            2 => format!("{number:#x}"),
            3 => format!("0{a:o}.0{b:o}.0{c:o}.0{d:o}"),
            4 => format!("{a}.{b}.{}", u32::from(c) << 8 | u32::from(d)),
            5 => format!("[::ffff:{a}.{b}.{c}.{d}]"),
            _ => format!("{a}.{b}.{c}.{d}."),
        };
        prop_assert!(DomainName::parse(&spelling).is_err(), "{spelling}");
        prop_assert!(DomainName::parse(&format!("http://{spelling}/")).is_err(), "{spelling}");
    }

    #[test]
    fn a_refusal_names_its_input_and_stays_short(input in prop::collection::vec(any::<char>(), 0..5_000)) {
        let input: String = input.into_iter().collect();
        if let Err(error) = DomainName::parse(&input) {
            prop_assert!(error.input.chars().count() <= 101);
            prop_assert!(error.to_string().contains(&error.input));
            prop_assert!(!error.input.chars().any(char::is_control));
        }
    }

    /// Random lives of the jobs of one batch: whatever happens, the counters add up, sequences have no gaps, and no job
    /// leaves an ended state.
    #[test]
    fn jobs_end_once_and_batches_count_them(
        total in 1_usize..20,
        moves in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>()), 0..300),
    ) {
        let mut jobs = vec![JobStatus::Pending; total];
        let mut counts = BatchCounts { total: i64::try_from(total).unwrap(), ..BatchCounts::default() };
        let mut sequences = Vec::new();
        for (job, next) in moves {
            let job = job.get_mut(&mut jobs);
            let next = *next.get(JobStatus::ALL);
            if !job.may_become(next) {
                continue;
            }
            prop_assert!(!job.is_finished());
            *job = next;
            sequences.extend(counts.count(next));
        }
        let ended = jobs.iter().filter(|job| job.is_finished()).count();
        prop_assert_eq!(counts.finished(), i64::try_from(ended).unwrap());
        prop_assert_eq!(&sequences, &(1..=counts.finished()).collect::<Vec<_>>());
        prop_assert_eq!(counts.status().is_finished(), ended == total);
        prop_assert_eq!(counts.status() == BatchStatus::Complete, jobs.iter().all(|job| *job == JobStatus::Complete));
        prop_assert!((0.0..=1.0).contains(&counts.progress()));
    }
}
