//! What the sandbox answers, call by call.

use crm_sandbox::{Faults, Sandbox, ServeOptions, Settings};
use reqwest::{Client, Method};
use serde_json::{Value, json};

struct Bench {
    sandbox: Sandbox,
    url: String,
    token: String,
    http: Client,
}

async fn bench() -> Bench {
    let sandbox = Sandbox::open(None, Settings::default()).unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let served = sandbox.clone();
    tokio::spawn(async move { served.serve(listener, ServeOptions::default(), std::future::pending()).await });
    let mut bench = Bench { sandbox, url, token: String::new(), http: Client::new() };
    bench.token = bench.login("ringledger-sandbox", "sandbox-secret").await["access_token"].as_str().unwrap().into();
    bench
}

impl Bench {
    async fn login(&self, id: &str, secret: &str) -> Value {
        self.http
            .post(format!("{}/services/oauth2/token", self.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .basic_auth(id, Some(secret))
            .body("grant_type=client_credentials")
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    }

    async fn call(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let mut request =
            self.http.request(method, format!("{}/services/data/v62.0{path}", self.url)).bearer_auth(&self.token);
        if !body.is_null() {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        assert!(response.headers().contains_key("Sforce-Limit-Info"), "{path}");
        let status = response.status().as_u16();
        (status, serde_json::from_slice(&response.bytes().await.unwrap()).unwrap_or(Value::Null))
    }

    async fn upsert(&self, rows: Value) -> (u16, Value) {
        let body = json!({ "allOrNone": false, "records": rows });
        self.call(Method::PATCH, "/composite/sobjects/Task/PBX_Call_Key__c", body).await
    }

    async fn query(&self, soql: &str) -> (u16, Value) {
        let q: String = soql.bytes().map(|b| format!("%{b:02X}")).collect();
        self.call(Method::GET, &format!("/query?q={q}"), Value::Null).await
    }
}

fn task(key: &str) -> Value {
    json!({ "attributes": { "type": "Task" }, "PBX_Call_Key__c": key, "Subject": key, "Status": "Completed" })
}

#[tokio::test]
async fn log_in_says_no_in_the_documented_form() {
    let bench = bench().await;
    let refused = bench.login("ringledger-sandbox", "wrong").await;
    assert_eq!(refused["error"], "invalid_client");
    assert_eq!(bench.login("nobody", "sandbox-secret").await["error"], "invalid_client_id");
    bench.sandbox.expire_sessions();
    let (status, body) = bench.call(Method::GET, "/limits", Value::Null).await;
    assert_eq!((status, &body[0]["errorCode"]), (401, &json!("INVALID_SESSION_ID")));
}

#[tokio::test]
async fn record_upsert_creates_updates_and_names_unknown_fields() {
    let bench = bench().await;
    let path = "/sobjects/Task/PBX_Call_Key__c/london%2Fpbx1%2F1";
    let (status, body) = bench.call(Method::PATCH, path, json!({ "Subject": "a" })).await;
    assert_eq!((status, &body["created"]), (201, &json!(true)));
    let (status, body) = bench.call(Method::PATCH, path, json!({ "Subject": "b" })).await;
    assert_eq!((status, &body["created"]), (200, &json!(false)));
    let (status, body) = bench.call(Method::GET, path, Value::Null).await;
    assert_eq!((status, &body["Subject"]), (200, &json!("b")));
    let (status, _) = bench.call(Method::PATCH, "/sobjects/Task/Nope__c/1", json!({ "Subject": "a" })).await;
    assert_eq!(status, 404);
    let (status, body) = bench.call(Method::PATCH, path, json!({ "Nope__c": 1 })).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INVALID_FIELD")));
    let (status, _) = bench.call(Method::DELETE, path, Value::Null).await;
    assert_eq!(status, 204);
    assert_eq!(bench.call(Method::GET, path, Value::Null).await.0, 404);
}

#[tokio::test]
async fn several_records_behind_one_key_answer_300() {
    let bench = bench().await;
    for name in ["One", "Two"] {
        let row = json!({ "LastName": name, "Email": "shared@example.com" });
        assert_eq!(bench.call(Method::POST, "/sobjects/Contact", row).await.0, 201);
    }
    let path = "/sobjects/Contact/Email/shared@example.com";
    let (status, body) = bench.call(Method::PATCH, path, json!({ "LastName": "Three" })).await;
    assert_eq!((status, body.as_array().map(Vec::len)), (300, Some(2)));
}

#[tokio::test]
async fn collections_answer_row_by_row_in_order() {
    let bench = bench().await;
    let many: Vec<Value> = (0..201).map(|i| task(&i.to_string())).collect();
    let (status, body) = bench.upsert(json!(many)).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("EXCEEDED_ID_LIMIT")));
    let mut long = task("long");
    long["Subject"] = json!("x".repeat(256));
    let (status, body) = bench.upsert(json!([task("a"), task("twice"), long, task("twice"), task("b")])).await;
    assert_eq!(status, 200);
    let codes: Vec<Option<&str>> = (0..5).map(|i| body[i]["errors"][0]["statusCode"].as_str()).collect();
    let twice = Some("DUPLICATE_VALUE");
    assert_eq!(codes, [None, twice, Some("STRING_TOO_LONG"), twice, None]);
    assert_eq!(body[2]["errors"][0]["fields"], json!(["Subject"]));
    assert_eq!(bench.sandbox.count("Task").unwrap(), 2);
    let ids = format!("{},{}", body[0]["id"].as_str().unwrap(), body[4]["id"].as_str().unwrap());
    let (_, got) =
        bench.call(Method::GET, &format!("/composite/sobjects/Task?ids={ids}&fields=Subject"), Value::Null).await;
    assert_eq!((&got[0]["Subject"], &got[1]["Subject"]), (&json!("a"), &json!("b")));
    let (_, gone) = bench.call(Method::DELETE, &format!("/composite/sobjects?ids={ids}"), Value::Null).await;
    assert!(gone.as_array().unwrap().iter().all(|r| r["success"] == true));
    assert_eq!(bench.sandbox.count("Task").unwrap(), 0);
}

#[tokio::test]
async fn all_or_none_takes_everything_back() {
    let bench = bench().await;
    let mut bad = task("bad");
    bad["WhoId"] = json!("003000000000999AAA");
    let body = json!({ "allOrNone": true, "records": [task("good"), bad] });
    let (_, out) = bench.call(Method::PATCH, "/composite/sobjects/Task/PBX_Call_Key__c", body).await;
    assert_eq!(out[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(out[1]["errors"][0]["statusCode"], "INVALID_CROSS_REFERENCE_KEY");
    assert_eq!(bench.sandbox.count("Task").unwrap(), 0);
}

#[tokio::test]
async fn a_malformed_row_refuses_the_whole_request() {
    let bench = bench().await;
    let mut bad = task("bad");
    bad["ActivityDate"] = json!("yesterday");
    let (status, body) = bench.upsert(json!([task("good"), bad])).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("JSON_PARSER_ERROR")));
    assert_eq!(bench.sandbox.count("Task").unwrap(), 0);
    let missing = json!([{ "attributes": { "type": "Contact" }, "FirstName": "Nameless" }]);
    let (_, body) = bench.call(Method::POST, "/composite/sobjects", json!({ "records": missing })).await;
    assert_eq!(body[0]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
}

#[tokio::test]
async fn composite_calls_see_earlier_answers() {
    let bench = bench().await;
    let base = "/services/data/v62.0/sobjects";
    let body = json!({ "compositeRequest": [
        { "method": "POST", "url": format!("{base}/Account"), "referenceId": "acme", "body": { "Name": "Acme" } },
        { "method": "POST", "url": format!("{base}/Contact"), "referenceId": "ann",
          "body": { "LastName": "Ann", "AccountId": "@{acme.id}" } },
        { "method": "GET", "url": format!("{base}/Contact/@{{ann.id}}"), "referenceId": "read" },
    ]});
    let (status, out) = bench.call(Method::POST, "/composite", body).await;
    assert_eq!(status, 200);
    let answers = &out["compositeResponse"];
    assert_eq!(answers[1]["httpStatusCode"], 201, "{out}");
    assert_eq!(answers[2]["body"]["AccountId"], answers[0]["body"]["id"]);
    let many: Vec<Value> =
        (0..26).map(|i| json!({ "method": "GET", "url": "x", "referenceId": i.to_string() })).collect();
    assert_eq!(bench.call(Method::POST, "/composite", json!({ "compositeRequest": many })).await.0, 400);
}

#[tokio::test]
async fn queries_page_filter_and_refuse_what_they_do_not_know() {
    let bench = bench().await;
    for start in [0, 200, 400] {
        let rows: Vec<Value> = (start..start + 200).map(|i| task(&format!("k{i:04}"))).collect();
        assert_eq!(bench.upsert(json!(rows)).await.0, 200);
    }
    let mut request = bench.http.get(format!("{}/services/data/v62.0/query?q=SELECT+Id,Subject+FROM+Task+WHERE+Subject+%3E=+%27k0100%27+ORDER+BY+Subject+DESC", bench.url));
    request = request.bearer_auth(&bench.token).header("Sforce-Query-Options", "batchSize=200");
    let mut page: Value = request.send().await.unwrap().json().await.unwrap();
    assert_eq!((&page["totalSize"], &page["done"]), (&json!(500), &json!(false)));
    let mut seen: Vec<String> = Vec::new();
    loop {
        seen.extend(page["records"].as_array().unwrap().iter().map(|r| r["Subject"].as_str().unwrap().to_owned()));
        let Some(next) = page["nextRecordsUrl"].as_str() else { break };
        let request = bench.http.get(format!("{}{next}", bench.url)).bearer_auth(&bench.token);
        page = request.send().await.unwrap().json().await.unwrap();
    }
    assert_eq!((seen.len(), seen[0].as_str(), seen[499].as_str()), (500, "k0599", "k0100"));
    let count = |soql: &'static str| async { bench.query(soql).await.1["totalSize"].clone() };
    assert_eq!(count("SELECT COUNT() FROM Task").await, 600);
    assert_eq!(count("SELECT Id FROM Task WHERE Subject IN ('k0001', 'k0002') OR (Subject LIKE 'k000%' AND NOT Subject = 'k0003')").await, 9);
    assert_eq!(count("SELECT Id FROM Task WHERE WhoId = null LIMIT 7").await, 7);
    assert_eq!(count("SELECT Id FROM Account WHERE Name = 'o\\'brien & daughters'").await, 1);
    for (soql, code) in [
        ("SELECT Nope FROM Task", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("SELECT Id FROM Task WHERE", "MALFORMED_QUERY"),
        ("SELECT Id FROM Task WHERE Subject = 'x' GROUP BY Subject", "MALFORMED_QUERY"),
    ] {
        let (status, body) = bench.query(soql).await;
        assert_eq!((status, &body[0]["errorCode"]), (400, &json!(code)), "{soql}");
    }
}

#[tokio::test]
async fn bulk_takes_a_blank_id_column_and_paths_in_any_case() {
    let bench = bench().await;
    let job = json!({ "object": "Task", "operation": "upsert", "externalIdFieldName": "PBX_Call_Key__c", "contentType": "CSV" });
    let (status, job) = bench.call(Method::POST, "/jobs/ingest", job).await;
    assert_eq!((status, &job["state"]), (200, &json!("Open")));
    let id = job["id"].as_str().unwrap();
    let csv = "Id,PBX_Call_Key__c,Subject\n,a,one\n,b,\"two, three\"\n";
    let put = bench.http.put(format!("{}/services/data/v62.0/jobs/ingest/{id}/batches", bench.url));
    let put = put.bearer_auth(&bench.token).header("content-type", "text/csv").body(csv).send().await.unwrap();
    assert_eq!(put.status(), 201);
    let path = format!("/jobs/ingest/{id}");
    assert_eq!(bench.call(Method::PATCH, &path, json!({ "state": "UploadComplete" })).await.0, 200);
    for _ in 0..200 {
        let (_, info) = bench.call(Method::GET, &path, Value::Null).await;
        if info["state"] == "JobComplete" {
            assert_eq!((&info["numberRecordsProcessed"], &info["numberRecordsFailed"]), (&json!(2), &json!(0)));
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    for name in ["successfulResults", "SUCCESSFULRESULTS", "failedResults", "unprocessedRecords", "unprocessedrecords"]
    {
        let url = format!("{}/services/data/v62.0/jobs/ingest/{id}/{name}", bench.url);
        let text = bench.http.get(url).bearer_auth(&bench.token).send().await.unwrap().text().await.unwrap();
        let lines = if name.eq_ignore_ascii_case("successfulresults") { 3 } else { 1 };
        assert_eq!(text.lines().count(), lines, "{name}: {text}");
    }
    assert_eq!(bench.sandbox.count("Task").unwrap(), 2);
}

#[tokio::test]
async fn the_page_shows_a_task_with_its_recording_link_and_escapes_what_people_wrote() {
    let bench = bench().await;
    let mut row = task("london/pbx1/1");
    row["Subject"] = json!("<script>alert(1)</script>");
    row["Recording_URL__c"] = json!("https://ledger.example/r/abc");
    bench.upsert(json!([row])).await;
    let page = bench.http.get(&bench.url).send().await.unwrap().text().await.unwrap();
    assert!(page.contains("href=\"https://ledger.example/r/abc\""));
    assert!(page.contains("&lt;script&gt;") && !page.contains("<script>"));
}

#[tokio::test]
async fn records_outlive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("crm.sqlite");
    let first = Sandbox::open(Some(&path), Settings::default()).unwrap();
    let accounts = first.count("Account").unwrap();
    assert!(accounts > 0);
    drop(first);
    let again = Sandbox::open(Some(&path), Settings::default()).unwrap();
    assert_eq!(again.count("Account").unwrap(), accounts, "seeds are planted once");
    let error = Sandbox::open(Some(&folder.path().join("no/such/folder.sqlite")), Settings::default()).err().unwrap();
    assert!(error.to_string().contains("no/such/folder.sqlite"), "{error}");
}

#[tokio::test]
async fn every_answer_is_in_the_documented_form_and_states_the_usage() {
    let bench = bench().await;
    let (status, body) = bench.call(Method::GET, "/nothing/here", Value::Null).await;
    assert_eq!((status, &body[0]["errorCode"]), (404, &json!("NOT_FOUND")));
    let (status, body) = bench.call(Method::PUT, "/limits", Value::Null).await;
    assert_eq!((status, &body[0]["errorCode"]), (405, &json!("METHOD_NOT_ALLOWED")));
    let (status, body) = bench.call(Method::GET, "/query", Value::Null).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("MALFORMED_QUERY")));
    bench.sandbox.set_faults(Faults { too_many: 1, unavailable: 1, ..Faults::default() });
    assert_eq!(bench.call(Method::GET, "/limits", Value::Null).await.0, 503);
    assert_eq!(bench.call(Method::GET, "/limits", Value::Null).await.0, 429);
}

#[tokio::test]
async fn the_scheme_of_basic_is_taken_in_any_case() {
    let bench = bench().await;
    let coded = "cmluZ2xlZGdlci1zYW5kYm94OnNhbmRib3gtc2VjcmV0";
    let request = bench.http.post(format!("{}/services/oauth2/token", bench.url));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let request = request.header("authorization", format!("basic {coded}")).body("grant_type=client_credentials");
    assert_eq!(request.send().await.unwrap().status(), 200);
}
