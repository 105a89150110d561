//! Mutations, subscriptions and the viewer; and that no tenant reaches another's data by any of them.

use futures_util::StreamExt;
use scrapersky::model::{ScanError, ScanErrorCode};
use serde_json::{Value as Json, json};

use crate::{
    on_each_database,
    support::{
        api::{TestApi, error_of, texts},
        database::{TestDatabase, scope_of},
        engine::FakeScans,
    },
};

const SCAN_DOMAINS: &str = "mutation ($input: ScanDomainsInput!) { scanDomains(input: $input) { \
     batchJob { id status totalDomains options { maxPages followSitemaps respectRobots timeoutSeconds } rejected { input } } \
     rejected { input reason message } duplicates reused } }";

on_each_database! {
    async fn scan_domains_answers_the_batch_and_what_became_of_each_name(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let names = ["a.example", "http://b.example/x", "A.example", "127.0.0.1", "a b", "ex\u{0}ample.com"];
        let options = json!({ "maxPages": 3, "followSitemaps": false, "timeoutSeconds": 9 });
        let payload = api.data_with(SCAN_DOMAINS, json!({ "input": { "names": names, "options": options } })).await["scanDomains"].take();
        assert_eq!((&payload["duplicates"], &payload["reused"]), (&json!(1), &json!(0)));
        assert_eq!(texts(&payload["rejected"], "/reason"), ["IP_ADDRESS", "HAS_SPACE", "INVALID_CHARACTER"]);
        let batch = &payload["batchJob"];
        assert_eq!((&batch["totalDomains"], &batch["status"]), (&json!(2), &json!("PENDING")));
        assert_eq!(batch["options"], json!({ "maxPages": 3, "followSitemaps": false, "respectRobots": true, "timeoutSeconds": 9 }));
        assert_eq!(texts(&batch["rejected"], "/input").len(), 3);

        let none = api.data_with(SCAN_DOMAINS, json!({ "input": { "names": ["localhost"] } })).await["scanDomains"].take();
        assert_eq!((&none["batchJob"], texts(&none["rejected"], "/reason")), (&Json::Null, vec!["LOCAL_NAME".to_owned()]));
    }

    async fn scan_domain_answers_its_job_and_domain(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let scan = "mutation { scanDomain(input: { name: \"www.Bücher.example\", idempotencyKey: \"k\" }) { \
            job { id status domain { id } batchJob { id } createdBy } domain { id name unicodeName latestJob { id } } reused } }";
        let payload = api.data(scan).await["scanDomain"].take();
        assert_eq!((&payload["domain"]["name"], &payload["domain"]["unicodeName"]), (&json!("xn--bcher-kva.example"), &json!("bücher.example")));
        assert_eq!((&payload["job"]["domain"]["id"], &payload["domain"]["latestJob"]["id"]), (&payload["domain"]["id"], &payload["job"]["id"]));
        assert_eq!((&payload["job"]["batchJob"], &payload["reused"]), (&Json::Null, &json!(false)));
        assert_eq!(api.data(scan).await["scanDomain"]["job"]["id"], payload["job"]["id"], "the same key answers the same");
        let other = scan.replace("Bücher", "other");
        assert_eq!(api.error(&other).await.0, "CONFLICT");
    }

    async fn a_mutation_shows_what_it_and_those_before_it_changed(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let scan = "scanDomain(input: { name: \"a.example\" }) { job { id } domain { latestJob { id } jobs { totalCount } } }";
        let data = api.data(&format!("mutation {{ first: {scan} second: {scan} }}")).await;
        for (field, jobs) in [("first", 1), ("second", 2)] {
            assert_eq!(data[field]["domain"]["latestJob"], data[field]["job"], "{field}");
            assert_eq!(data[field]["domain"]["jobs"]["totalCount"], jobs, "{field}");
        }
    }

    async fn input_that_is_not_allowed_is_refused_with_what_is(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let long_key = "k".repeat(256);
        for (input, words) in [
            (json!({ "names": [] }), vec!["`names` is empty", "100000"]),
            (json!({ "names": vec!["a.example"; 100_001] }), vec!["100001 names", "at most 100000"]),
            (json!({ "names": ["a.example"], "options": { "maxPages": 21 } }), vec!["`maxPages` is 21", "from 1 to 20"]),
            (json!({ "names": ["a.example"], "options": { "timeoutSeconds": 0 } }), vec!["`timeoutSeconds` is 0", "from 1 to 300"]),
            (json!({ "names": ["a.example"], "options": { "maxAgeSeconds": -1 } }), vec!["`maxAgeSeconds` is -1", "from 0 to"]),
            (json!({ "names": ["a.example"], "idempotencyKey": long_key }), vec!["`idempotencyKey` has 256 characters", "255"]),
            (json!({ "names": ["a.example"], "idempotencyKey": "" }), vec!["`idempotencyKey` has 0 characters"]),
            (json!({ "names": ["a.example"], "idempotencyKey": "a\u{0}" }), vec!["`idempotencyKey`", "U+0000"]),
        ] {
            let (code, message) = error_of(&api.answer_to(&api.engine.scope, SCAN_DOMAINS, json!({ "input": input })).await);
            assert_eq!(code, "BAD_USER_INPUT", "{message}");
            assert!(words.iter().all(|word| message.contains(word)), "{message}");
        }
        let (code, message) = api.error("mutation { scanDomain(input: { name: \"10.0.0.1\" }) { reused } }").await;
        assert!(code == "BAD_USER_INPUT" && message.contains("`10.0.0.1` is an IP address"), "{code} {message}");
        let (code, message) = api.error("mutation { scanDomain(input: { name: \"a.example\", options: { depth: 3 } }) { reused } }").await;
        assert!(code == "GRAPHQL_VALIDATION_FAILED" && message.contains("depth"), "{code} {message}");
        assert_eq!(api.data("{ domains { totalCount } jobs { totalCount } batchJobs { totalCount } }").await,
            json!({ "domains": { "totalCount": 0 }, "jobs": { "totalCount": 0 }, "batchJobs": { "totalCount": 0 } }), "nothing is half-written");
    }

    async fn subscriptions_follow_a_batch_to_its_end_with_relations_as_they_are_at_each_event(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let submitted = api.engine.submit(&["a.example", "b.example", "fails.example"]).await;
        let batch = submitted.batch_id.unwrap().to_string();
        let job = api.data("{ domain(by: { name: \"a.example\" }) { latestJob { id } } }").await["domain"]["latestJob"]["id"].take();
        let scope = &api.engine.scope;
        let progress = api.watch(scope, &format!("subscription {{ batchProgress(batchId: \"{batch}\") {{ status totalDomains completedDomains \
            failedDomains cancelledDomains progress emittedAt batchJob {{ status failureCounts {{ code count }} \
            done: jobs(filter: {{ statuses: [COMPLETE, FAILED] }}) {{ totalCount }} }} }} }}"));
        let finished = api.watch(scope, &format!("subscription {{ jobFinished(batchId: \"{batch}\") {{ sequence status domain {{ name status }} failure {{ code }} }} }}"));
        let one = api.watch(scope, &format!("subscription {{ jobProgress(jobId: {job}) {{ status step progress }} }}"));
        let fails = |_| async { Err(ScanError::new(ScanErrorCode::DnsNotFound, "no such name")) };
        let worker = api.engine.work(FakeScans::new().on("fails.example", fails));
        let (progress, finished, one): (Vec<Json>, Vec<Json>, Vec<Json>) = tokio::join!(progress.collect(), finished.collect(), one.collect());
        worker.stop().await;

        let last = &progress.last().unwrap()["data"]["batchProgress"];
        assert_eq!((&last["status"], &last["completedDomains"], &last["failedDomains"], &last["progress"]), (&json!("PARTIAL"), &json!(2), &json!(1), &json!(1.0)));
        assert_eq!(last["batchJob"]["failureCounts"], json!([{ "code": "DNS_NOT_FOUND", "count": 1 }]));
        assert_eq!(last["batchJob"]["done"]["totalCount"], 3, "relations are read anew at each event: {progress:?}");
        let sequences: Vec<&Json> = finished.iter().map(|event| &event["data"]["jobFinished"]["sequence"]).collect();
        assert_eq!(sequences, [1, 2, 3]);
        for event in &finished {
            let job = &event["data"]["jobFinished"];
            let expected = if job["status"] == "COMPLETE" { "SCANNED" } else { "FAILED" };
            assert_eq!(job["domain"]["status"], expected, "{event}");
        }
        assert_eq!(one.last().unwrap()["data"]["jobProgress"], json!({ "status": "COMPLETE", "step": "DONE", "progress": 1.0 }));

        let rest: Vec<Json> = api.watch(scope, &format!("subscription {{ jobFinished(batchId: \"{batch}\", after: 2) {{ sequence }} }}")).collect().await;
        assert_eq!(rest, [json!({ "data": { "jobFinished": { "sequence": 3 } } })]);
        for (field, code) in [
            ("batchProgress(batchId: \"batch_1\")".to_owned(), "BAD_USER_INPUT"),
            (format!("batchProgress(batchId: {job})"), "BAD_USER_INPUT"),
            (format!("jobFinished(batchId: \"{batch}\", after: -1)"), "BAD_USER_INPUT"),
            ("jobProgress(jobId: \"00000000-0000-7000-8000-000000000000\")".to_owned(), "NOT_FOUND"),
            ("batchProgress(batchId: \"00000000-0000-7000-8000-000000000000\")".to_owned(), "NOT_FOUND"),
        ] {
            let events: Vec<Json> = api.watch(scope, &format!("subscription {{ {field} {{ status: __typename }} }}")).collect().await;
            assert_eq!((events.len(), error_of(&events[0]).0.as_str()), (1, code), "{field}: {events:?}");
        }
    }

    async fn the_viewer_is_the_caller_with_the_limits(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let data = api.data("{ viewer { tenant { id name } userId role limits { maxDepth maxComplexity maxPageSize } } }").await;
        assert_eq!((&data["viewer"]["tenant"]["name"], &data["viewer"]["role"], &data["viewer"]["userId"]), (&json!("default"), &json!("OWNER"), &Json::Null));
        assert_eq!(data["viewer"]["tenant"]["id"], api.engine.scope.tenant_id.to_string());
        assert_eq!(data["viewer"]["limits"], json!({ "maxDepth": 15, "maxComplexity": 100_000, "maxPageSize": 500 }));
        let response = api.schema.execute("{ viewer { role } }").await;
        assert_eq!(error_of(&serde_json::to_value(response).unwrap()).0, "UNAUTHENTICATED");
    }

    async fn nodes_are_found_by_ids_that_name_their_kind(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let batch = api.engine.submit(&["a.example"]).await.batch_id.unwrap().to_string();
        let data = api.data("{ domains { nodes { id latestJob { id } } } }").await;
        let (domain, job) = (&data["domains"]["nodes"][0]["id"], &data["domains"]["nodes"][0]["latestJob"]["id"]);
        let absent = format!("job_{}", batch.strip_prefix("batch_").unwrap());
        let (statements, data) = api.counted(&format!("{{ nodes(ids: [{job}, \"{absent}\", \"{batch}\", {domain}, {job}]) {{ __typename id \
            ... on Domain {{ name }} ... on Job {{ jobType }} ... on BatchJob {{ totalDomains }} }} node(id: {domain}) {{ id }} }}")).await;
        assert_eq!(statements, 3, "one for each kind");
        assert_eq!(data["nodes"], json!([
            { "__typename": "Job", "id": job, "jobType": "DOMAIN_SCAN" }, null,
            { "__typename": "BatchJob", "id": batch, "totalDomains": 1 },
            { "__typename": "Domain", "id": domain, "name": "a.example" },
            { "__typename": "Job", "id": job, "jobType": "DOMAIN_SCAN" },
        ]));
        assert_eq!(&data["node"]["id"], domain);
        let uuid = batch.strip_prefix("batch_").unwrap();
        let many = format!("\"{batch}\" ").repeat(501);
        for (field, words) in [
            (format!("node(id: \"{uuid}\")"), vec!["no id that names its kind", "`domain_`, `job_` or `batch_`"]),
            ("node(id: \"domain_12\")".to_owned(), vec!["`id`: `domain_12` is not a domain id"]),
            ("node(id: \"tenant_12\")".to_owned(), vec!["`tenant_12` is no id"]),
            (format!("nodes(ids: [{many}])"), vec!["`ids` has 501 ids", "at most 500"]),
            (format!("job(id: \"{batch}\")"), vec!["`id`: `batch_", "is not a job id"]),
            ("domain(by: { id: \"x\" })".to_owned(), vec!["`id`: `x` is not a domain id"]),
            ("domain(by: { name: \"a b\" })".to_owned(), vec!["`name`: `a b` has white space"]),
        ] {
            let (code, message) = api.error(&format!("{{ {field} {{ id }} }}")).await;
            assert_eq!(code, "BAD_USER_INPUT", "{field}: {message}");
            assert!(words.iter().all(|word| message.contains(word)), "{field}: {message}");
        }
    }

    async fn another_tenants_data_is_reached_by_no_query_and_no_subscription(database: TestDatabase) {
        let api = TestApi::start(&database).await;
        let batch = api.engine.submit(&["a.example", "shared.example"]).await.batch_id.unwrap().to_string();
        let own = api.data("{ domains { nodes { id latestJob { id } } edges { cursor } } jobs { edges { cursor } } }").await;
        let (domain, job) = (&own["domains"]["nodes"][0]["id"], &own["domains"]["nodes"][0]["latestJob"]["id"]);
        let (after_domain, after_job) = (&own["domains"]["edges"][0]["cursor"], &own["jobs"]["edges"][1]["cursor"]);
        let stranger = scope_of(&api.engine.db, "stranger").await;
        let ask = |query: String| {
            let (api, stranger) = (&api, &stranger);
            async move {
                let mut answer = api.answer_to(stranger, &query, json!({})).await;
                assert_eq!(answer.get("errors"), None, "{query}");
                answer["data"].take()
            }
        };
        let found = ask(format!("{{ domain(by: {{ id: {domain} }}) {{ id }} named: domain(by: {{ name: \"a.example\" }}) {{ id }} job(id: {job}) {{ id }} \
            batchJob(id: \"{batch}\") {{ id }} node(id: {domain}) {{ id }} nodes(ids: [{domain}, {job}, \"{batch}\"]) {{ id }} }}")).await;
        assert_eq!(found, json!({ "domain": null, "named": null, "job": null, "batchJob": null, "node": null, "nodes": [null, null, null] }));
        for list in [
            "domains".to_owned(), "jobs".to_owned(), "batchJobs".to_owned(),
            format!("domains(filter: {{ batchJobId: \"{batch}\" }})"),
            format!("jobs(filter: {{ batchJobId: \"{batch}\" }})"),
            format!("jobs(filter: {{ domainId: {domain} }})"),
            format!("domains(after: {after_domain})"),
            format!("jobs(after: {after_job})"),
            "domains(orderBy: { field: LAST_SCAN })".to_owned(),
            "jobs(orderBy: { field: COMPLETED_AT })".to_owned(),
            "batchJobs(orderBy: { field: END_TIME })".to_owned(),
        ] {
            let found = ask(format!("{{ list: {list} {{ nodes {{ id }} totalCount }} }}")).await;
            assert_eq!(found, json!({ "list": { "nodes": [], "totalCount": 0 } }), "{list}");
        }
        // The same name is another domain there, and what it is related to is its own.
        let theirs = ask("mutation { scanDomain(input: { name: \"shared.example\" }) { domain { id jobs { totalCount } latestJob { id } batchJob { id } } } }".to_owned()).await;
        let shared = &theirs["scanDomain"]["domain"];
        assert_eq!((&shared["jobs"]["totalCount"], &shared["batchJob"]), (&json!(1), &Json::Null));
        let list = ask("{ domains { nodes { id jobs { nodes { id } } } } jobs { totalCount } }".to_owned()).await;
        assert_eq!(list["domains"]["nodes"], json!([{ "id": shared["id"], "jobs": { "nodes": [{ "id": shared["latestJob"]["id"] }] } }]));
        assert_eq!(list["jobs"]["totalCount"], 1);
        for field in [
            format!("batchProgress(batchId: \"{batch}\") {{ status }}"),
            format!("jobFinished(batchId: \"{batch}\") {{ id }}"),
            format!("jobProgress(jobId: {job}) {{ id }}"),
        ] {
            let events: Vec<Json> = api.watch(&stranger, &format!("subscription {{ {field} }}")).collect().await;
            assert_eq!((events.len(), error_of(&events[0]).0.as_str()), (1, "NOT_FOUND"), "{field}");
        }
    }
}
