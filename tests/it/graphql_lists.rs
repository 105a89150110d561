//! Lists: pages forward and backward, orders, filters, and what is refused.

use serde_json::{Value as Json, json};

use crate::{
    on_each_database,
    support::{
        api::{TestApi, texts},
        database::TestDatabase,
    },
};

/// Nine domains in a batch, two in another. Of the nine, two pairs have equal times, and three have none.
async fn fill(api: &TestApi) -> (String, String) {
    let names = ["e.example", "a.example", "i.example", "c.example", "h.example", "b.example", "g.example"];
    let first = api.engine.submit(&[&names[..], &["d.example", "f.example"]].concat()).await;
    let second = api.engine.submit(&["z.example", "b.example"]).await;
    for (names, status, time) in [
        ("'a.example', 'h.example'", "scanned", "'2026-01-01T00:00:00+00:00'"),
        ("'c.example'", "scanned", "'2026-01-02T00:00:00.500+00:00'"),
        ("'e.example', 'f.example'", "failed", "'2026-01-03T00:00:00+00:00'"),
        ("'i.example', 'd.example', 'g.example'", "new", "NULL"),
    ] {
        api.engine
            .execute(&format!(
                "UPDATE domains SET status = '{status}', last_scan = {time} WHERE name IN ({names})"
            ))
            .await;
    }
    (first.batch_id.unwrap().to_string(), second.batch_id.unwrap().to_string())
}

/// Jobs that ended, two pairs at equal times, and jobs that did not.
async fn end_jobs(api: &TestApi) {
    for (names, status, failure, time) in [
        ("'a.example', 'h.example'", "complete", "NULL", "'2026-01-01T00:00:01+00:00'"),
        (
            "'c.example'",
            "failed",
            r#"'{"code":"TIMEOUT","message":"m","retryable":true}'"#,
            "'2026-01-02T00:00:00.250+00:00'",
        ),
        (
            "'e.example', 'f.example'",
            "failed",
            r#"'{"code":"DNS_NOT_FOUND","message":"m","retryable":false}'"#,
            "'2026-01-03T00:00:00+00:00'",
        ),
    ] {
        api.engine
            .execute(&format!(
                "UPDATE jobs SET status = '{status}', failure = {failure}, completed_at = {time} \
                 WHERE domain_id IN (SELECT id FROM domains WHERE name IN ({names}))"
            ))
            .await;
    }
}

/// The ids and cursors of the whole list in one page.
async fn whole(api: &TestApi, list: &str, arguments: &str) -> Vec<String> {
    let data = api.data(&format!("{{ {list}(first: 500 {arguments}) {{ nodes {{ id }} }} }}")).await;
    texts(&data[list]["nodes"], "/id")
}

/// The ids of the whole list, read page by page from either end.
async fn page_by_page(api: &TestApi, list: &str, arguments: &str, size: usize, forward: bool) -> Vec<String> {
    let (count, adjoins, more, cursor) = if forward {
        ("first", "after", "hasNextPage", "endCursor")
    } else {
        ("last", "before", "hasPreviousPage", "startCursor")
    };
    let query = format!(
        "query ($at: String) {{ {list}({count}: {size} {adjoins}: $at {arguments}) {{ \
         edges {{ cursor node {{ id }} }} pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
    );
    let (mut at, mut found) = (Json::Null, Vec::new());
    loop {
        let mut page = api.data_with(&query, json!({ "at": at })).await[list].take();
        let ids = texts(&page["edges"], "/node/id");
        assert!(ids.len() <= size, "{page}");
        let cursors = texts(&page["edges"], "/cursor");
        assert_eq!(page["pageInfo"]["startCursor"].as_str(), cursors.first().map(String::as_str));
        assert_eq!(page["pageInfo"]["endCursor"].as_str(), cursors.last().map(String::as_str));
        found = if forward { [found, ids].concat() } else { [ids, found].concat() };
        if page["pageInfo"][more] == false {
            return found;
        }
        assert!(found.len() < 100, "{list} does not end: {page}");
        at = page["pageInfo"][cursor].take();
    }
}

on_each_database! {
    async fn pages_of_every_size_order_and_direction_join_to_the_whole_list(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        fill(&api).await;
        end_jobs(&api).await;
        for (list, fields) in [
            ("domains", &["NAME", "CREATED_AT", "LAST_SCAN"][..]),
            ("jobs", &["CREATED_AT", "COMPLETED_AT"]),
            ("batchJobs", &["CREATED_AT", "END_TIME"]),
        ] {
            for field in fields {
                for direction in ["ASC", "DESC"] {
                    let order = format!("orderBy: {{ field: {field} direction: {direction} }}");
                    let expected = whole(&api, list, &order).await;
                    assert!(expected.len() >= 2, "{list} by {field}");
                    for size in 1..=expected.len() + 1 {
                        for forward in [true, false] {
                            let found = page_by_page(&api, list, &order, size, forward).await;
                            assert_eq!(found, expected, "{list} by {field} {direction}, {size} a page, forward: {forward}");
                        }
                    }
                }
            }
        }
    }

    async fn lists_are_sorted_as_asked_with_absent_times_last_in_either_direction(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        fill(&api).await;
        end_jobs(&api).await;
        // Identifiers grow in the order of submission: e a i c h b g d f, then z.
        for (order, expected) in [
            ("", "abcdefghiz"),
            ("orderBy: { field: NAME }", "abcdefghiz"),
            ("orderBy: { field: NAME direction: DESC }", "zihgfedcba"),
            ("orderBy: { field: LAST_SCAN }", "ahcef|bdgiz"),
            ("orderBy: { field: LAST_SCAN direction: DESC }", "efcah|bdgiz"),
        ] {
            let data = api.data(&format!("{{ domains({}) {{ nodes {{ name lastScan }} }} }}", if order.is_empty() { "first: 50" } else { order })).await;
            let names: String = texts(&data["domains"]["nodes"], "/name").iter().map(|name| &name[..1]).collect();
            let times = expected.split('|').next().unwrap();
            if let Some((known, _)) = expected.split_once('|') {
                assert_eq!(sorted(&names[..known.len()]), sorted(times), "{order}: {names}");
                assert_eq!(sorted(&names), sorted(&expected.replace('|', "")), "{order}");
            } else {
                assert_eq!(names, expected, "{order}");
            }
        }
        let jobs = api.data("{ jobs { nodes { id createdAt } } }").await;
        let ids = texts(&jobs["jobs"]["nodes"], "/id");
        assert!(ids.is_sorted_by(|one, other| one > other), "newest first by default: {ids:?}");
        for direction in ["ASC", "DESC"] {
            let query = format!("{{ jobs(orderBy: {{ field: COMPLETED_AT direction: {direction} }}) {{ nodes {{ completedAt }} }} }}");
            let mut times = texts(&api.data(&query).await["jobs"]["nodes"], "/completedAt");
            let absent = times.split_off(5);
            assert!(absent.iter().all(String::is_empty), "{times:?} {absent:?}");
            if direction == "DESC" {
                times.reverse();
            }
            assert!(times.is_sorted() && !times[0].is_empty(), "{times:?}");
        }
    }

    async fn names_are_sorted_by_their_bytes(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        api.engine.submit(&["ab.example", "a-b.example", "a.b.example", "a0.example", "b.example"]).await;
        let data = api.data("{ domains { nodes { name } } }").await;
        let names = texts(&data["domains"]["nodes"], "/name");
        assert_eq!(names, ["a-b.example", "a.b.example", "a0.example", "ab.example", "b.example"]);
    }

    async fn each_filter_of_domains_keeps_what_it_says(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let (first, second) = fill(&api).await;
        api.engine.execute("UPDATE domains SET is_wordpress = (name < 'c') WHERE name IN ('a.example', 'c.example')").await;
        api.engine.execute("UPDATE jobs SET status = 'running', lease_expires_at = '2026-01-01T00:00:00+00:00' \
            WHERE id IN (SELECT latest_job_id FROM domains WHERE name = 'z.example')").await;
        for (filter, expected) in [
            ("".to_owned(), "abcdefghiz"),
            ("nameContains: \"A.EX\"".to_owned(), "a"),
            ("nameContains: \"_.example\"".to_owned(), ""),
            ("nameContains: \"%\"".to_owned(), ""),
            ("nameContains: \"\"".to_owned(), "abcdefghiz"),
            ("statuses: [NEW]".to_owned(), "dgi"),
            ("statuses: [PENDING]".to_owned(), "b"),
            ("statuses: [SCANNING]".to_owned(), "z"),
            ("statuses: [SCANNING, PENDING]".to_owned(), "bz"),
            ("statuses: [PENDING, FAILED, SCANNED]".to_owned(), "abcefh"),
            ("statuses: [SCANNING, NEW]".to_owned(), "dgiz"),
            ("statuses: [FAILED, NEW]".to_owned(), "defgi"),
            ("statuses: []".to_owned(), ""),
            ("isWordpress: true".to_owned(), "a"),
            ("isWordpress: false".to_owned(), "c"),
            (format!("batchJobId: \"{first}\""), "abcdefghi"),
            (format!("batchJobId: \"{second}\""), "bz"),
            (format!("batchJobId: \"{second}\" statuses: [SCANNING]"), "z"),
            ("lastScanBefore: \"2026-01-02T00:00:00.5Z\"".to_owned(), "ah"),
            ("lastScanAfter: \"2026-01-01T01:00:00+01:00\"".to_owned(), "cef"),
            ("lastScanAfter: \"2026-01-01T00:00:00Z\" lastScanBefore: \"2026-01-03T00:00:00Z\"".to_owned(), "c"),
        ] {
            let query = format!("{{ domains(filter: {{ {filter} }}) {{ nodes {{ name status }} totalCount }} }}");
            let data = api.data(&query).await;
            let names: String = texts(&data["domains"]["nodes"], "/name").iter().map(|name| &name[..1]).collect();
            assert_eq!(names, expected, "{filter}");
            assert_eq!(data["domains"]["totalCount"], expected.len(), "{filter}");
            for order in ["CREATED_AT", "LAST_SCAN"] {
                let arguments = format!("filter: {{ {filter} }} orderBy: {{ field: {order} }}");
                let expected = whole(&api, "domains", &arguments).await;
                assert_eq!(page_by_page(&api, "domains", &arguments, 2, true).await, expected, "{arguments}");
                assert_eq!(page_by_page(&api, "domains", &arguments, 2, false).await, expected, "{arguments}");
            }
        }
    }

    async fn each_filter_of_jobs_and_batches_keeps_what_it_says(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let (first, second) = fill(&api).await;
        end_jobs(&api).await;
        let domain = api.data("{ domain(by: { name: \"b.example\" }) { id } }").await["domain"]["id"].take();
        for (filter, expected) in [
            (String::new(), 11),
            ("statuses: [PENDING]".to_owned(), 6),
            ("statuses: [COMPLETE, FAILED]".to_owned(), 5),
            ("statuses: []".to_owned(), 0),
            ("jobTypes: [DOMAIN_SCAN]".to_owned(), 11),
            (format!("batchJobId: \"{first}\""), 9),
            (format!("batchJobId: \"{second}\""), 2),
            (format!("domainId: {domain}"), 2),
            (format!("domainId: {domain} batchJobId: \"{second}\""), 1),
            ("failureCodes: [TIMEOUT]".to_owned(), 1),
            ("failureCodes: [TIMEOUT, DNS_NOT_FOUND]".to_owned(), 3),
            ("failureCodes: [TLS_FAILED]".to_owned(), 0),
        ] {
            let data = api.data(&format!("{{ jobs(filter: {{ {filter} }}) {{ nodes {{ id }} totalCount }} }}")).await;
            let found = data["jobs"]["nodes"].as_array().unwrap().len();
            assert_eq!((found, &data["jobs"]["totalCount"]), (expected, &json!(expected)), "{filter}");
        }
        api.engine.execute("UPDATE batch_jobs SET status = 'partial', created_at = '2026-01-01T00:00:00+00:00', \
            end_time = '2026-01-01T00:00:01+00:00' WHERE total_domains = 9").await;
        for (filter, expected) in [
            ("statuses: [PARTIAL]", vec![&first]),
            ("statuses: [PARTIAL, PENDING]", vec![&second, &first]),
            ("statuses: [CANCELLED]", vec![]),
            ("createdBefore: \"2026-01-02T00:00:00Z\"", vec![&first]),
            ("createdAfter: \"2026-01-02T00:00:00Z\"", vec![&second]),
            ("createdAfter: \"2025-12-31T00:00:00Z\" createdBefore: \"2026-01-02T00:00:00Z\"", vec![&first]),
        ] {
            let data = api.data(&format!("{{ batchJobs(filter: {{ {filter} }}) {{ nodes {{ id }} totalCount }} }}")).await;
            assert_eq!(texts(&data["batchJobs"]["nodes"], "/id").iter().collect::<Vec<_>>(), expected, "{filter}");
            assert_eq!(data["batchJobs"]["totalCount"], expected.len(), "{filter}");
        }
    }

    async fn the_lists_of_domains_and_batches_page_and_filter_too(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let (batch, _) = fill(&api).await;
        api.engine.submit(&["b.example"]).await;
        end_jobs(&api).await;
        let whole = api.data(&format!("{{ batchJob(id: \"{batch}\") {{ \
            jobs {{ nodes {{ id }} totalCount }} domains {{ nodes {{ name }} totalCount }} \
            failed: jobs(filter: {{ statuses: [FAILED] }}) {{ nodes {{ id }} totalCount }} \
            scanned: domains(filter: {{ statuses: [SCANNED] }}) {{ nodes {{ name }} totalCount }} }} \
            domain(by: {{ name: \"b.example\" }}) {{ jobs {{ nodes {{ id }} totalCount }} latestJob {{ id }} }} }}")).await;
        let of_batch = &whole["batchJob"];
        let names: String = texts(&of_batch["domains"]["nodes"], "/name").iter().map(|name| &name[..1]).collect();
        assert_eq!((names.as_str(), &of_batch["domains"]["totalCount"]), ("eaichbgdf", &json!(9)), "in the order given");
        assert!(texts(&of_batch["jobs"]["nodes"], "/id").is_sorted());
        assert_eq!(of_batch["jobs"]["totalCount"], 9);
        assert_eq!((&of_batch["failed"]["totalCount"], of_batch["failed"]["nodes"].as_array().unwrap().len()), (&json!(3), 3));
        assert_eq!((&of_batch["scanned"]["totalCount"], texts(&of_batch["scanned"]["nodes"], "/name")),
            (&json!(3), vec!["a.example".to_owned(), "c.example".to_owned(), "h.example".to_owned()]));
        let of_domain = &whole["domain"];
        let jobs = texts(&of_domain["jobs"]["nodes"], "/id");
        assert!(jobs.len() == 3 && jobs.is_sorted_by(|one, other| one > other), "newest first: {jobs:?}");
        assert_eq!(of_domain["latestJob"]["id"], jobs[0].as_str());

        for (parent, list) in [
            (format!("batchJob(id: \"{batch}\")"), "jobs"),
            (format!("batchJob(id: \"{batch}\")"), "domains"),
            ("domain(by: { name: \"b.example\" })".to_owned(), "jobs"),
        ] {
            let key = parent.split('(').next().unwrap();
            let expected = texts(&api.data(&format!("{{ {parent} {{ {list} {{ nodes {{ id }} }} }} }}")).await[key][list]["nodes"], "/id");
            for (count, adjoins, more, cursor) in
                [("first", "after", "hasNextPage", "endCursor"), ("last", "before", "hasPreviousPage", "startCursor")]
            {
                let query = format!("query ($at: String) {{ {parent} {{ {list}({count}: 2 {adjoins}: $at) {{ \
                    nodes {{ id }} pageInfo {{ {more} {cursor} }} }} }} }}");
                let (mut at, mut found) = (Json::Null, Vec::new());
                loop {
                    let mut page = api.data_with(&query, json!({ "at": at })).await[key][list].take();
                    let ids = texts(&page["nodes"], "/id");
                    found = if count == "first" { [found, ids].concat() } else { [ids, found].concat() };
                    if page["pageInfo"][more] == false {
                        break;
                    }
                    assert!(found.len() < 100, "{parent} {list} does not end: {page}");
                    at = page["pageInfo"][cursor].take();
                }
                assert_eq!(found, expected, "{parent} {list} {count}");
            }
        }
    }

    async fn what_a_list_cannot_take_is_refused_with_what_is_allowed(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let (batch, _) = fill(&api).await;
        let cursor = |list: &'static str, arguments: &'static str| {
            let api = &api;
            async move {
                let query = format!("{{ {list}(first: 1 {arguments}) {{ edges {{ cursor }} }} }}");
                api.data(&query).await[list]["edges"][0]["cursor"].as_str().unwrap().to_owned()
            }
        };
        let (by_name, by_scan) = (cursor("domains", "").await, cursor("domains", "orderBy: { field: LAST_SCAN }").await);
        let (filtered, of_jobs) = (cursor("domains", "filter: { nameContains: \"a\" }").await, cursor("jobs", "").await);
        let uuid = batch.strip_prefix("batch_").unwrap();
        for (field, words) in [
            ("domains(first: -1)".to_owned(), vec!["`first` is -1", "from 0 to 500"]),
            ("domains(first: 100000)".to_owned(), vec!["`first` is 100000", "from 0 to 500"]),
            ("jobs(last: 501)".to_owned(), vec!["`last` is 501", "from 0 to 500"]),
            ("jobs(first: 1 last: 1)".to_owned(), vec!["`first` and `last` were both given", "page forward with"]),
            (format!("jobs(last: 1 after: \"{of_jobs}\")"), vec!["`after` and `last` were both given"]),
            (format!("jobs(first: 1 before: \"{of_jobs}\")"), vec!["`first` and `before` were both given"]),
            (format!("jobs(after: \"{of_jobs}\" before: \"{of_jobs}\")"), vec!["`after` and `before` were both given"]),
            ("domains(after: \"x\")".to_owned(), vec!["`after`: `x` is not a cursor"]),
            ("domains(before: \"\")".to_owned(), vec!["`before`: `` is not a cursor"]),
            (format!("domains(after: \"{of_jobs}\")"), vec!["`after`", "of another list or filter"]),
            (format!("domains(after: \"{filtered}\")"), vec!["`after`", "of another list or filter"]),
            (format!("domains(after: \"{by_scan}\")"), vec!["`after`", "of another order"]),
            (format!("domains(after: \"{by_name}\" orderBy: {{ field: NAME direction: DESC }})"), vec!["of another order"]),
            (format!("batchJob(id: \"{batch}\") {{ jobs(first: 501) {{ totalCount }} }} jobs"), vec!["`first` is 501"]),
            (format!("batchJob(id: \"{batch}\") {{ domains(after: \"{by_name}\") {{ totalCount }} }} jobs"), vec!["of another list"]),
            ("jobs(filter: { domainId: \"nonsense\" })".to_owned(), vec!["`domainId`: `nonsense` is not a domain id"]),
            (format!("jobs(filter: {{ domainId: \"{batch}\" }})"), vec!["`domainId`: `batch_", "is not a domain id"]),
            (format!("domains(filter: {{ nameContains: \"{}\" }})", "x".repeat(254)), vec!["`nameContains` has 254", "at most 253"]),
            ("domains(filter: { nameContains: \"a\\u0000\" })".to_owned(), vec!["`nameContains`", "U+0000"]),
            ("domains(filter: { lastScanAfter: \"yesterday\" })".to_owned(), vec!["\"yesterday\" is not a time", "2026-"]),
            ("domains(first: 3000000000)".to_owned(), vec!["Int"]),
        ] {
            let (code, message) = api.error(&format!("{{ {field} {{ totalCount }} }}")).await;
            assert_eq!(code, "BAD_USER_INPUT", "{field}: {message}");
            for word in words {
                assert!(message.contains(word), "{field}: {message}");
            }
        }
        let data = api.data(&format!("{{ batchJob(id: \"{uuid}\") {{ id }} jobs(filter: {{ batchJobId: \"{uuid}\" }}, first: 0) {{ \
            nodes {{ id }} pageInfo {{ hasNextPage endCursor }} totalCount }} }}")).await;
        assert_eq!(data["batchJob"]["id"], batch, "a bare UUID is accepted where its kind is clear");
        assert_eq!(data["jobs"], json!({ "nodes": [], "pageInfo": { "hasNextPage": true, "endCursor": null }, "totalCount": 9 }));
    }
}

fn sorted(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().collect();
    letters.sort_unstable();
    letters
}
