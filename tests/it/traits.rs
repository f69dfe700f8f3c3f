//! What kind of work small repositories are taken to do: each case is a mistake once made on a real one, made small.

use crate::cli::{services, tree, words};

struct Case {
    what: &'static str,
    files: &'static [(&'static str, &'static str)],
    /// Root and traits.
    expected: &'static [(&'static str, &'static [&'static str])],
}

const GO_MOD: &str = "module example.com/x\n";

const CASES: &[Case] = &[
    Case {
        what: "an agent that asks a database about its host is no CRUD",
        files: &[
            (
                "Cargo.toml",
                "[package]\nname = \"watcher\"\n[dependencies]\naxum = \"1\"\ntokio-postgres = \"1\"\ncgroups-rs = \"1\"\n",
            ),
            (
                "src/main.rs",
                "use axum::{Router, routing::get};\nuse cgroups_rs::Cgroup;\nuse tokio_postgres::Client;\nfn main() { Router::new().route(\"/a\", get(a)).route(\"/b\", get(b)); }\n",
            ),
        ],
        expected: &[(".", &["http-api", "node-agent", "io-bound"])],
    },
    Case {
        what: "where the deployment says what calls a function, shared handlers say nothing more",
        files: &[
            ("go.mod", GO_MOD),
            (
                "handlers/h.go",
                "package handlers\n\nimport \"github.com/aws/aws-lambda-go/events\"\n\nfunc Web(e events.APIGatewayV2HTTPRequest) {}\n\nfunc Stream(e events.DynamoDBEvent) {}\n",
            ),
            (
                "web/main.go",
                "package main\n\nimport (\n\t\"example.com/x/handlers\"\n\t\"github.com/aws/aws-lambda-go/lambda\"\n)\n\nfunc main() { lambda.Start(handlers.Web) }\n",
            ),
            (
                "stream/main.go",
                "package main\n\nimport (\n\t\"example.com/x/handlers\"\n\t\"github.com/aws/aws-lambda-go/lambda\"\n)\n\nfunc main() { lambda.Start(handlers.Stream) }\n",
            ),
            (
                "template.yaml",
                "Transform: AWS::Serverless-2016-10-31\nResources:\n  W:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: web/\n      Runtime: provided.al2\n      Events: {A: {Type: HttpApi, Properties: {Path: /}}}\n  S:\n    Type: AWS::Serverless::Function\n    Properties:\n      CodeUri: stream/\n      Runtime: provided.al2\n      Events: {A: {Type: DynamoDB}}\n",
            ),
        ],
        expected: &[("stream", &["stream-pipeline"]), ("web", &["http-api"])],
    },
    Case {
        what: "a controller that makes the certificate of its own door is no authority",
        files: &[
            ("go.mod", GO_MOD),
            (
                "main.go",
                "package main\n\nimport (\n\t\"crypto/x509\"\n\n\tctrl \"sigs.k8s.io/controller-runtime\"\n)\n\nfunc main() {\n\tctrl.NewManager(nil, ctrl.Options{})\n\tctrl.NewControllerManagedBy(nil)\n\tx509.CreateCertificate(nil, nil, nil, nil, nil)\n}\n",
            ),
            (
                "deploy.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: x}\nspec: {template: {spec: {containers: [{name: x, image: r.io/o/x:v1}]}}}\n",
            ),
        ],
        expected: &[(".", &["operator"])],
    },
    Case {
        what: "what an exported function does, those do who call it",
        files: &[
            ("go.mod", GO_MOD),
            (
                "util/util.go",
                "package util\n\nimport (\n\t\"github.com/grpc-ecosystem/grpc-gateway/v2/runtime\"\n\t\"log\"\n)\n\nfunc Mux() *runtime.ServeMux { return runtime.NewServeMux() }\n\nfunc Log() { log.Print() }\n",
            ),
            (
                "front/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/x/util\"\n)\n\nfunc main() { http.ListenAndServe(\":80\", util.Mux()) }\n",
            ),
            (
                "back/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/x/util\"\n)\n\nfunc main() {\n\tutil.Log()\n\thttp.HandleFunc(\"/a\", nil)\n\thttp.HandleFunc(\"/b\", nil)\n\thttp.ListenAndServe(\":80\", nil)\n}\n",
            ),
        ],
        expected: &[("back", &["http-api"]), ("front", &["gateway"])],
    },
    Case {
        what: "files called after the parts of an engine make one where it is opened, not where its types are shared",
        files: &[
            ("go.mod", GO_MOD),
            ("lib/logs/datadb.go", "package logs\n\ntype Row struct{}\n"),
            ("lib/logs/indexdb.go", "package logs\n"),
            ("lib/logs/inmemory_part.go", "package logs\n"),
            ("lib/logs/partition.go", "package logs\n\nfunc MustOpen() {}\n"),
            (
                "app/db/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/x/lib/logs\"\n)\n\nfunc main() { logs.MustOpen(); http.ListenAndServe(\":80\", nil) }\n",
            ),
            (
                "app/ship/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/x/lib/logs\"\n)\n\nvar r logs.Row\n\nfunc main() { http.ListenAndServe(\":80\", nil) }\n",
            ),
        ],
        expected: &[("app/db", &["storage-engine"]), ("app/ship", &[])],
    },
    Case {
        what: "who is called a controller and watches the cluster is one",
        files: &[
            ("Cargo.toml", "[package]\nname = \"controller\"\n[dependencies]\nkube = \"1\"\n"),
            ("src/main.rs", "use kube::runtime::watcher::{Config, watcher};\nfn main() {}\n"),
            (
                "deploy.yaml",
                "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: c}\nspec: {template: {spec: {containers: [{name: c, image: r.io/o/controller:v1}]}}}\n",
            ),
        ],
        expected: &[(".", &["operator"])],
    },
    Case {
        what: "what consumes by a method of a connection works on a queue",
        files: &[
            ("go.mod", GO_MOD),
            (
                "main.go",
                "package main\n\nimport \"github.com/streadway/amqp\"\n\nfunc main() {\n\tc, _ := amqp.Dial(\"\")\n\tch, _ := c.Channel()\n\tms, _ := ch.Consume(\"orders\", \"\", true, false, false, false, nil)\n\tfor range ms {\n\t}\n}\n",
            ),
        ],
        expected: &[(".", &["queue-worker"])],
    },
    Case {
        what: "routes that are generated from a description are an API, a client's requests are none",
        files: &[
            ("go.mod", GO_MOD),
            (
                "gen/gen.go",
                "// Code generated by oapi-codegen. DO NOT EDIT.\npackage gen\n\nfunc HandlerFromMux(a, b any) any { return nil }\n",
            ),
            (
                "web/main.go",
                "package main\n\nimport (\n\t\"net/http\"\n\n\t\"example.com/x/gen\"\n)\n\nfunc main() { http.ListenAndServe(\":80\", gen.HandlerFromMux(nil, nil).(http.Handler)) }\n",
            ),
            (
                "poll/main.go",
                "package main\n\nimport \"net/http\"\n\nfunc main() {\n\tp.client.Get(\"/v1/a\", &a)\n\tp.client.Post(\"/v1/b\", body)\n\tapi.Get(\"/v1/c\", &c)\n\thttp.ListenAndServe(\":80\", nil)\n}\n",
            ),
        ],
        expected: &[("poll", &[]), ("web", &["http-api"])],
    },
    Case {
        what: "a generator that lies beside what it generates is in no build",
        files: &[
            ("go.mod", GO_MOD),
            (
                "main.go",
                "package main\n\nimport \"net/http\"\n\nfunc main() {\n\thttp.HandleFunc(\"/a\", a)\n\thttp.ListenAndServe(\":80\", nil)\n}\n",
            ),
            (
                "certs.go",
                "//go:build ignore\n\npackage main\n\nimport (\n\t\"crypto/ecdsa\"\n\t\"crypto/x509\"\n\n\t\"github.com/open-policy-agent/opa/rego\"\n)\n\nfunc main() {\n\tkey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)\n\tx509.CreateCertificate(rand.Reader, t, t, pub, key)\n\tx509.CreateRevocationList(rand.Reader, t, t, key)\n\trego.New()\n}\n",
            ),
        ],
        expected: &[(".", &["http-api"])],
    },
];

#[test]
fn small_repositories_do_what_they_do() {
    for case in CASES {
        let root = tree(case.files);
        let found: Vec<_> = services(root.path())
            .iter()
            .map(|one| (one["root"].as_str().unwrap().to_owned(), words(&one["traits"], "name")))
            .collect();
        let own = |list: &[&str]| list.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let expected: Vec<_> = case.expected.iter().map(|(root, traits)| ((*root).to_owned(), own(traits))).collect();
        assert_eq!(found, expected, "{}", case.what);
    }
}
